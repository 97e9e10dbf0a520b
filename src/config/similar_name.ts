import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** At most this share of a name may be mistyped. */
const MAX_MISTYPED = 1 / 3;

/** The known name that was probably meant; null if none is similar, since a wrong hint misleads. */
export function similarName(found: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const closest = closestString(found, known);
  const distance = levenshteinDistance(found.toLowerCase(), closest.toLowerCase());
  return distance <= Math.ceil(closest.length * MAX_MISTYPED) ? closest : null;
}
