import { text } from "./value_type.ts";

export const url = text("URL", 'a URL such as "https://example.org/"', webUrlFault);

export const proxyUrl = text("URL", 'a URL such as "http://proxy.example.org:3128"', (value) => {
  const protocol = URL.parse(value)?.protocol;
  return protocol === "http:" || protocol === "https:" || protocol === "socks5:"
    ? null
    : "an http, https or socks5 URL";
});

export const address = text("address", 'an IP address or host name, such as "0.0.0.0"', (value) => {
  const host = URL.parse(`http://${value.includes(":") ? `[${value}]` : value}/`);
  return host !== null && host.port === "" && /^[A-Za-z0-9.:_-]+$/.test(value)
    ? null
    : "an IP address or host name without port, the port has its own key";
});

export const userAgent = text(
  "text",
  "a product name such as pacman's",
  (value) => /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? null : "printable ASCII",
);

export const name = (kind: string, example: string) =>
  text(
    kind,
    `a name such as "${example}"`,
    (value) =>
      isName(value)
        ? null
        : 'a name of letters, digits and "@ . _ + -" that does not begin with a dot or a dash',
  );

export const pin = text(
  "name",
  'a package name, a glob such as "nvidia-*", or a file name',
  (value) => /^[A-Za-z0-9@._+:~*?-]+$/.test(value) ? null : "a name without other characters",
);

export const mirrorUrl = text("mirror URL", "the URL of a mirror", mirrorUrlFault);

export const layout = text("layout", 'a path such as "$repo/os/$arch"', layoutFault);

const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const SEGMENT = /^[A-Za-z0-9@_+$][A-Za-z0-9@._+$-]*$/;

/** Whether a repository or an architecture may have this name; it becomes part of paths. */
function isName(text: string): boolean {
  return NAME.test(text) && text.length <= 128;
}

/**
 * What is wrong with a layout, as what was expected instead; null for a good one. A layout is a
 * path of plain segments with pacman's variables, like "$repo/os/$arch".
 */
function layoutFault(layout: string): string | null {
  if (!layout.includes("$repo")) {
    return 'a path with "$repo" in it, such as "$repo/os/$arch"';
  }
  if (hasForeignVariable(layout)) return "no variables but $repo and $arch";
  if (layout.startsWith("/") || layout.endsWith("/")) return "no slash at the beginning or end";
  if (!layout.split("/").every((segment) => SEGMENT.test(segment))) {
    return 'segments of letters, digits and "@ . _ + -" that do not begin with a dot or a dash';
  }
  return null;
}

/** Whether a "$" stands for something that is neither `$repo` nor `$arch`. */
function hasForeignVariable(text: string): boolean {
  return /\$(?!repo|arch)/.test(text);
}

/**
 * What is wrong with the URL of a mirror, as what was expected instead; null for a good one. It is
 * the root of a mirror, or a complete pacman line with `$repo` (and usually `$arch`) in it.
 */
function mirrorUrlFault(text: string): string | null {
  if (/^\s*(?:Cache)?Server\s*=/i.test(text)) {
    return 'the URL alone, without "Server ="';
  }
  const fault = webUrlFault(text);
  if (fault !== null) return fault;
  if (hasForeignVariable(text)) return "no variables but $repo and $arch";
  if (text.includes("$arch") && !text.includes("$repo")) {
    return "$repo in a URL that has $arch, or the root of the mirror without variables";
  }
  return null;
}

/** What is wrong with a URL that is fetched from, as what was expected instead; null if nothing. */
function webUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || /\s/.test(text)) {
    return 'a URL such as "https://mirror.example.org/archlinux/"';
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "an http or https URL";
  if (url.search !== "" || url.hash !== "") return 'a URL without "?" and "#"';
  return null;
}
