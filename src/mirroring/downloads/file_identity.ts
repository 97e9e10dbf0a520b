/** What a mirror says about a file, to tell whether another response is of the same file. */
export interface FileIdentity {
  /** Length in bytes; null when it is not known before the end. */
  size: number | null;
  /** The Last-Modified header as the mirror wrote it, or null. */
  lastModified: string | null;
  /** A strong entity tag, or null. */
  etag: string | null;
  /** Name of the mirror that said so: an entity tag means nothing to another one. */
  mirror: string;
}

/** The identity of the whole file by the headers of a response; `size` as the caller knows it. */
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
 * Whether two responses are of the same file as far as headers can tell: the same length, and the
 * same time of last modification or the same strong entity tag from the same mirror. Mirrors copy
 * files with their times, because that is how they find out what has changed.
 */
export function vouchesFor(known: FileIdentity, claimed: FileIdentity): boolean {
  if (known.size !== null && claimed.size !== null && known.size !== claimed.size) return false;
  if (known.mirror === claimed.mirror && known.etag !== null && claimed.etag !== null) {
    return known.etag === claimed.etag;
  }
  return known.lastModified !== null && known.lastModified === claimed.lastModified;
}

/** The validator to send to `mirror` as If-Range; null if there is none that it understands. */
export function ifRangeFor(known: FileIdentity, mirror: string): string | null {
  return (known.mirror === mirror ? known.etag : null) ?? known.lastModified;
}
