import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const EXTRA_FILE = z.object({
  path: z.string().describe("Path below the server's root."),
  bytes: COUNT.describe("Size of the file in bytes."),
  fetched_at: TIMESTAMP.describe("When the file entered the cache."),
  used_at: TIMESTAMP.describe("When a client last requested the file, to the hour."),
  in_flight: z.boolean().describe("Whether the file is being downloaded."),
}).describe("A cached file of extra_paths.");

const EXTRA_FILE_LIST = z.object({
  files: z.array(EXTRA_FILE).describe("The files, ordered by path."),
  bytes: COUNT.describe("Their total size in bytes."),
}).describe("Cached files of extra_paths.");

export type ExtraFileReport = z.infer<typeof EXTRA_FILE>;
export type ExtraFileList = z.infer<typeof EXTRA_FILE_LIST>;

export const LIST_EXTRA_FILES = endpoint({
  method: "GET",
  path: "/api/v1/extra-files",
  summary: "List the cached files of extra_paths",
  isLong: true,
  answers: { 200: EXTRA_FILE_LIST },
});
