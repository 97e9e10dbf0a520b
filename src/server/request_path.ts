// deno-lint-ignore no-control-regex -- control characters are meant
const UNWANTED = /[\x00-\x1f\x7f\\]/;
const MAX_SEGMENT_LENGTH = 255;

/**
 * `uri-host [ ":" port ]` of RFC 9110, section 7.2, without characters that no host name contains.
 */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~%-]+)(?::\d{1,5})?$/i;

/**
 * Whether a request's Host may be answered (RFC 9112, section 3.2): there is at most one, and it
 * cannot be mistaken for more than the authority of the URL.
 */
export function hasValidHost({ headers, url }: Request): boolean {
  return isValidHost(headers) && URL.canParse(url);
}

/** Like `hasValidHost`, for a request whose URL is known to be valid. */
export function isValidHost(headers: Headers): boolean {
  const host = headers.get("host");
  return host === null || host === "" || HOST.test(host);
}

/**
 * The undecoded path of a request URL, with its leading slash and without its query. A URL object
 * would resolve `..` first.
 */
function rawPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return (start < 0 ? "/" : url.slice(start)).replace(/[?#].*$/s, "");
}

/**
 * The decoded path of a request URL without its leading slash, or null if it cannot name anything
 * here: because of `..` or an empty segment in any encoding, a name that begins with a dot, a
 * control character, an encoded slash or an overlong name. A trailing slash, which denotes a
 * directory, is kept.
 */
export function requestPath(url: string): string | null {
  const raw = rawPath(url);
  if (/%2f/i.test(raw)) return null;
  let path: string;
  try {
    path = decodeURIComponent(raw.slice(1));
  } catch {
    return null;
  }
  if (path === "") return path;
  if (UNWANTED.test(path)) return null;
  const segments = path.split("/");
  if (segments.at(-1) === "") segments.pop();
  const sane = segments.every((segment) =>
    segment !== "" && !segment.startsWith(".") && segment.length <= MAX_SEGMENT_LENGTH
  );
  return sane ? path : null;
}

/**
 * The decoded segments of a path below one of the server's own, or null for other paths. Unlike the
 * paths of files, they may contain anything: they name nothing on disk.
 */
export function ownSegments(
  url: string,
  top: "/api/" | "/admin/",
): readonly string[] | null {
  const raw = rawPath(url);
  if (!raw.startsWith(top)) return null;
  return raw.slice(1).split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      // No route has an empty segment in the middle.
      return "";
    }
  });
}
