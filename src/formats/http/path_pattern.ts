/**
 * Compiles a pattern of paths into a test of decoded paths, both without a leading slash. "*"
 * stands for any characters within a segment, and a segment "**" for any number of segments.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const segments = pattern.split("/");
  return (path) => matches(segments, path.split("/"));
}

/**
 * In time proportional to the product of both lengths, whatever the pattern: patterns of "**" must
 * not explode.
 */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  /** Whether the pattern up to here matches the first `count` segments of the path. */
  let reached = path.map(() => false).concat(false);
  reached[0] = true;
  for (const part of pattern) {
    const next = reached.map(() => false);
    let before = false;
    for (const [count, isReached] of reached.entries()) {
      if (part === "**") {
        before ||= isReached;
        next[count] = before;
        continue;
      }
      const segment = path[count];
      if (isReached && segment !== undefined && matchesSegment(part, segment)) {
        next[count + 1] = true;
      }
    }
    reached = next;
  }
  return reached.at(-1) === true;
}

function matchesSegment(part: string, segment: string): boolean {
  const [first = "", ...others] = part.split("*");
  const last = others.pop();
  if (last === undefined) return segment === first;
  if (!segment.startsWith(first) || !segment.slice(first.length).endsWith(last)) return false;
  // The text between two stars is matched as early as possible.
  let at = first.length;
  for (const piece of others) {
    const found = segment.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= segment.length - last.length;
}
