import { choice, count, list, nullable, object, text, type TypeOf } from "./schema.ts";

export const DOWNLOAD = object({
  file: text("path below the server's root"),
  bytes: count("bytes that have arrived and may be handed out"),
  size: nullable(count("bytes of the whole file; null while that is not known")),
  mirror: nullable(text("the mirror that sends; null before the first answer")),
  clients: count("requests of clients that took part in it so far"),
  purpose: choice(["client", "prefetch"], "whether a client asked for it"),
  bytes_per_second: count("over the last seconds"),
  started_at: text("when it began, ISO 8601"),
}, "A file on its way from a mirror into the cache.");

/** `GET /api/v1/downloads`. */
export const DOWNLOAD_LIST = object(
  { downloads: list(DOWNLOAD, "the oldest first") },
  "The downloads in flight.",
);

export type DownloadReport = TypeOf<typeof DOWNLOAD>;
