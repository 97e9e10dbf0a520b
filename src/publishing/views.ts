import { PkgstashError } from "../errors.ts";
import type { PublishedView } from "../repositories/view.ts";
import type { Generation } from "./generation.ts";
import type { StoredHistory } from "./generation_store.ts";

/**
 * The generation that a view shows: the one with its number, or the last one published before its
 * end. `now` is in milliseconds since the epoch.
 *
 * @throws PkgstashError `not_found` if it is not kept or has not come yet, `storage` if damage
 * makes it doubtful.
 */
export function generationInView(
  view: PublishedView,
  { generations, lastNumber }: Pick<StoredHistory, "generations" | "lastNumber">,
  { name, now }: { name: string; now: number },
): Generation {
  const what = `Cannot show ${name}@${view.text}:`;
  const [earliest] = generations;
  if (earliest === undefined) {
    throw new PkgstashError("not_found", `${what} nothing was published yet.`);
  }
  if ("generation" in view) {
    const found = generations.find(({ number }) => number === view.generation);
    if (found !== undefined) return found;
    throw new PkgstashError(
      "not_found",
      `${what} there is no such generation. Those from ${earliest.number} to ` +
        `${lastNumber} are kept; see pkgstash repo history.`,
    );
  }
  if (view.start > now) {
    throw new PkgstashError("not_found", `${what} that time is in the future.`);
  }
  const index = generations.findLastIndex(({ publishedAt }) => publishedAt < view.end);
  const found = generations[index];
  if (found === undefined) {
    const since = new Date(earliest.publishedAt).toISOString();
    throw new PkgstashError(
      "not_found",
      `${what} nothing is kept from that time. Kept generations begin at ${since}; keep_generations ` +
        "and keep_days determine how many.",
    );
  }
  const next = generations[index + 1]?.number ?? lastNumber + 1;
  if (next === found.number + 1) return found;
  throw new PkgstashError(
    "storage",
    `${what} generation ${found.number + 1} is damaged, so it is unknown which one that was. ` +
      `Name a generation, such as ${name}@${found.number}, or restore it from a backup.`,
  );
}
