import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import type { CacheIndex, IndexedFile } from "./cache_index.ts";

/** Records to read at once: about 2 ms. */
const FILES_AT_A_TIME = 1000;

/**
 * The records of one repository directory, or of all, by name. Never all at once, since there may
 * be very many. The event loop runs in between, so anything recorded meanwhile may or may not be
 * included.
 */
export async function* recordedFiles(
  index: Pick<CacheIndex, "directories" | "filesAfter">,
  directory: string | null = null,
): AsyncGenerator<IndexedFile> {
  for (const each of directory === null ? index.directories() : [directory]) {
    for (let last = "";;) {
      const page = index.filesAfter(each, last, FILES_AT_A_TIME);
      yield* page;
      if (page.length < FILES_AT_A_TIME) break;
      last = page.at(-1)?.fileName ?? "";
      await eventLoopTurn();
    }
  }
}
