// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNWANTED = /[\x00-\x1f\x7f\\]/;
const LONGEST_SEGMENT = 255;

/**
 * The path of a request URL as it came, with its leading slash and without query: a URL object
 * would resolve `..` first.
 */
export function rawPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return (start < 0 ? "/" : url.slice(start)).replace(/[?#].*$/s, "");
}

/**
 * The decoded path of a request URL without its leading slash, or null for one that names nothing
 * here: `..` or an empty segment in any encoding, names that begin with a dot, control characters,
 * encoded slashes, over-long names. A trailing slash, which asks for a directory, is kept.
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
    segment !== "" && !segment.startsWith(".") && segment.length <= LONGEST_SEGMENT
  );
  return sane ? path : null;
}
