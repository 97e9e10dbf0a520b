import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { TimeSlice } from "../../async/time_slice.ts";

/** At most this share of a name may be mistyped, and never more than `MAX_DISTANCE` letters. */
const MAX_MISTYPED = 1 / 3;
const MAX_DISTANCE = 3;

/** The name that was probably meant, out of very many; null if none is similar. */
export async function closestName(
  wanted: string,
  names: Iterable<string>,
): Promise<string | null> {
  const limit = Math.min(MAX_DISTANCE, Math.ceil(wanted.length * MAX_MISTYPED));
  const slice = new TimeSlice();
  let closest: string | null = null;
  let least = limit + 1;
  for (const name of names) {
    if (slice.isOver) await slice.renew();
    if (Math.abs(name.length - wanted.length) >= least) continue;
    const distance = levenshteinDistance(wanted.toLowerCase(), name);
    if (distance >= least) continue;
    [closest, least] = [name, distance];
    if (distance === 0) break;
  }
  return closest;
}
