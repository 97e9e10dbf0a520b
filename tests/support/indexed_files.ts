import type { CacheIndex, IndexedFile } from "../../src/mirroring/cache/cache_index.ts";
import { recordedFiles } from "../../src/mirroring/cache/recorded_files.ts";

/** The records of a repository directory, or of all. */
export function allRecords(index: CacheIndex, directory?: string): Promise<IndexedFile[]> {
  return Array.fromAsync(recordedFiles(index, directory));
}
