import { text } from "./value_type.ts";

const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const SEGMENT = /^[A-Za-z0-9@_+$][A-Za-z0-9@._+$-]*$/;

/** A URL without variables that is fetched from. */
export const webUrl = text("URL", 'a URL such as "https://example.org/"', webUrlFault);

/** The URL of a proxy. */
export const proxyUrl = text("URL", 'a URL such as "http://proxy.example.org:3128"', (value) => {
  const url = URL.parse(value);
  if (!["http:", "https:", "socks5:"].includes(url?.protocol ?? "")) {
    return "an http, https or socks5 URL";
  }
  return url?.hostname === "" ? "a URL with a host" : null;
});

/** An address to listen on. */
export const address = text("address", 'an IP address or host name, such as "0.0.0.0"', (value) => {
  const host = URL.parse(`http://${value.includes(":") ? `[${value}]` : value}/`);
  return host !== null && host.port === "" && /^[A-Za-z0-9.:_-]+$/.test(value)
    ? null
    : "an IP address or host name without a port, which has its own key";
});

/** The value of a User-Agent header. */
export const userAgent = text(
  "text",
  "a product name such as pacman's",
  (value) => /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? null : "printable ASCII",
);

/** A name that becomes part of paths: that of a repository or an architecture. */
export const pathName = (kind: string, example: string) =>
  text(
    kind,
    `a name such as "${example}"`,
    (value) =>
      NAME.test(value) && value.length <= 128
        ? null
        : 'a name of letters, digits and "@ . _ + -" that does not begin with a dot or a dash',
  );

/** A pattern of packages, see `matchesPackage`. */
export const pin = text(
  "name",
  'a package name, a glob such as "nvidia-*", or a file name',
  (value) =>
    /^[A-Za-z0-9@._+:~*?-]+$/.test(value)
      ? null
      : 'a name of letters, digits and "@ . _ + : ~ -", with * and ? in globs',
);

/** The root of a mirror, or a complete Server line of pacman with `$repo` and usually `$arch`. */
export const mirrorUrl = text("mirror URL", "the URL of a mirror", mirrorUrlFault);

/** A path of plain segments with pacman's variables, such as "$repo/os/$arch". */
export const layout = text("layout", 'a path such as "$repo/os/$arch"', layoutFault);

/** What is expected instead of a layout; null if it is valid. */
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

/** Whether there is a "$" that begins neither `$repo` nor `$arch`. */
function hasForeignVariable(text: string): boolean {
  return /\$(?!repo|arch)/.test(text);
}

/** What is expected instead of the URL of a mirror; null if it is valid. */
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

/** What is expected instead of a URL to fetch from; null if it is valid. */
function webUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || /\s/.test(text)) {
    return 'a URL such as "https://mirror.example.org/archlinux/"';
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "an http or https URL";
  if (url.search !== "" || url.hash !== "") return 'a URL without "?" and "#"';
  return null;
}
