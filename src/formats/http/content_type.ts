const BY_EXTENSION: Record<string, string> = {
  ".zst": "application/zstd",
  ".xz": "application/x-xz",
  ".gz": "application/gzip",
  ".bz2": "application/x-bzip2",
  ".sig": "application/pgp-signature",
};

/** The media type of a repository's file by its name. */
export function contentTypeOf(fileName: string): string {
  const extension = /\.[^.]+$/.exec(fileName)?.[0] ?? "";
  return BY_EXTENSION[extension] ?? "application/octet-stream";
}
