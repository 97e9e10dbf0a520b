import { isNetwork } from "../formats/network/ip_address.ts";
import { text, type ValueType } from "./value_type.ts";

const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const SEGMENT = /^[A-Za-z0-9@_+$][A-Za-z0-9@._+$:~-]*$/;

const EXTRA_SEGMENT = /^[A-Za-z0-9@_+*~:-][A-Za-z0-9@._+*~:-]*$/;

/** A URL without variables, to fetch from. */
export const webUrl = text("URL", 'a URL such as "https://example.org/"', webUrlFault);

/** The URL of a proxy. */
export const proxyUrl = text("URL", 'a URL such as "http://proxy.example.org:3128"', (value) => {
  const url = URL.parse(value);
  if (!["http:", "https:", "socks5:", "socks5h:"].includes(url?.protocol ?? "")) {
    return "an http, https, socks5 or socks5h URL";
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

/** An IP address, or a network. */
export const network = text(
  "network",
  'an IP address or a network such as "192.168.0.0/16"',
  (value) =>
    isNetwork(value) ? null : 'an IP address or a network such as "192.168.0.0/16" or "fd00::/8"',
);

/** The name of a host, as in a URL. */
export const hostNameText = text(
  "host name",
  'a host name such as "stash.example.org"',
  (value) =>
    /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(value)
      ? null
      : "a host name without scheme, port and path",
);

/** Headers that browsers and proxies set themselves, and in which no proxy names a user. */
const TAKEN_HEADERS =
  /^(accept.*|authorization|connection|content-.*|cookie|forwarded|host|hx-.*|origin|sec-.*|transfer-encoding|upgrade|user-agent|via|x-forwarded-(for|host|proto))$/i;

/** The name of a header that names a user. nginx drops names with underscores. */
export const headerName = text(
  "header",
  'the name of a header such as "Remote-User"',
  (value) =>
    !/^[a-z][a-z0-9-]{0,99}$/i.test(value)
      ? "a name of letters, digits and dashes"
      : TAKEN_HEADERS.test(value)
      ? "a header that the proxy alone writes"
      : null,
);

/** The name of a user, as written by a reverse proxy. */
export const userName = text(
  "name",
  'the name of a user such as "anna"',
  (value) =>
    value.length <= 128 && !/[,\p{C}]/u.test(value) && value.trim() === value
      ? null
      : "a name without commas and control characters",
);

/** The value of a User-Agent header. */
export const userAgent = text(
  "text",
  "a product name such as pacman's",
  (value) => /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? null : "printable ASCII",
);

/** As makepkg expects it in PACKAGER. */
export const packagerText = text(
  "packager",
  'a name with an address such as "Builds <builds@example.org>"',
  (value) =>
    /^[^<>\p{Cc}\p{Cf}"'\\$`]{1,100} <[^<>\s\p{Cc}"'\\$`]{1,100}>$/u.test(value)
      ? null
      : 'a name with an address in angle brackets, such as "Builds <builds@example.org>"',
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

/** The root of a mirror, or a complete pacman Server line with `$repo`, `$arch` or both. */
export const mirrorUrl = text("mirror URL", "the URL of a mirror", mirrorUrlFault);

/** A path of plain segments with pacman's variables, such as "$repo/os/$arch". */
export const layout = text("layout", 'a path such as "$repo/os/$arch"', layoutFault);

/** Like `layout`; "", "." or "/" for no path at all, which is read as "". */
export const layoutOrNone: ValueType<string> = {
  ...layout,
  parse: (raw, workingDirectory) =>
    raw === "" || raw === "." || raw === "/"
      ? { ok: true, value: "" }
      : layout.parse(raw, workingDirectory),
};

/** A host with or without a port, or a pattern of host names. */
export const hostPattern = text(
  "host",
  'a host such as "cdn.example.org", or a pattern such as "*.example.org"',
  (value) => {
    const host = value.replace(/^\*\./, "");
    // A pattern of all names would trust everybody.
    const isBroad = host !== value && !host.includes(".");
    return !isBroad && !/[/@?#*]/.test(host) && URL.parse(`http://${host}/`)?.host === host
      ? null
      : 'a host in lower case, with its port unless that is 80 or 443, or "*." and a domain';
  },
);

/** A path of a mirror, or a pattern of such paths; a leading slash is dropped. */
export const extraPath: ValueType<string> = {
  name: "path",
  parse(raw, workingDirectory) {
    const path = typeof raw === "string" ? raw.replace(/^\//, "") : raw;
    return extraPattern.parse(path, workingDirectory);
  },
  format: (value) => extraPattern.format(value),
};

const extraPattern = text("path", 'a path such as "lastsync" or "iso/**"', (value) => {
  const segments = value.split("/");
  if (!segments.every((segment) => EXTRA_SEGMENT.test(segment))) {
    return 'names of letters, digits and "@ . _ + : ~ - *" that do not begin with a dot';
  }
  const isWhole = segments.every((segment) => segment === "**" || !segment.includes("**"));
  return isWhole ? null : '"**" as a whole name';
});

/** What is expected instead of a layout; null if it is valid. */
function layoutFault(layout: string): string | null {
  if (hasForeignVariable(layout)) return "no variables but $repo and $arch";
  if (layout.startsWith("/") || layout.endsWith("/")) return "no slash at the beginning or end";
  if (!layout.split("/").every((segment) => SEGMENT.test(segment))) {
    return 'segments of letters, digits and "@ . _ + : ~ -" that do not begin with a dot or a dash';
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
