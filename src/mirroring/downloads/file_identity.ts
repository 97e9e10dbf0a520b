/** What a mirror says about a file, by which another answer is told to be the same file. */
export interface FileIdentity {
  /** Length in bytes; null when it is not known before the end. */
  size: number | null;
  /** The Last-Modified header as the mirror wrote it, or null. */
  lastModified: string | null;
  /** A strong entity tag, or null. */
  etag: string | null;
  /** Name of the mirror that said so: entity tags mean something only to the one who made them. */
  mirror: string;
}

/** Reads the identity of the whole file off an answer; `size` as the caller worked it out. */
export function identityOf(
  headers: Headers,
  size: number | null,
  mirror: string,
): FileIdentity {
  const etag = headers.get("etag");
  return {
    size,
    lastModified: headers.get("last-modified"),
    etag: etag !== null && etag.startsWith('"') ? etag : null,
    mirror,
  };
}

/**
 * Whether two answers vouch for the same file: the same length, and the same time of last
 * modification or the same strong entity tag from the same mirror. Mirrors copy files with their
 * times, which is how they themselves find out what has changed.
 */
export function vouchesFor(known: FileIdentity, answer: FileIdentity): boolean {
  if (known.size !== null && answer.size !== null && known.size !== answer.size) return false;
  if (known.mirror === answer.mirror && known.etag !== null && answer.etag !== null) {
    return known.etag === answer.etag;
  }
  return known.lastModified !== null && known.lastModified === answer.lastModified;
}

/** The validator to send as If-Range to `mirror`, or null when there is none it would understand. */
export function ifRangeFor(known: FileIdentity, mirror: string): string | null {
  return (known.mirror === mirror ? known.etag : null) ?? known.lastModified;
}
