/** What a mirror says about a file, to decide whether another response is for the same file. */
export interface FileIdentity {
  /** Length in bytes; null if unknown before the end. */
  size: number | null;
  /** The Last-Modified header, verbatim, or null. */
  lastModified: string | null;
  /** A strong entity tag, or null. */
  etag: string | null;
  /** Name of the mirror that said so: an entity tag means nothing to another one. */
  mirror: string;
}

/** The identity of the whole file from the headers of a response; the caller determines `size`. */
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
 * Whether two responses are for the same file as far as headers can tell: the same length, and the
 * same time of last modification or the same strong entity tag from the same mirror. Mirrors
 * preserve the dates of files, because that is how they detect changes.
 */
export function vouchesFor(known: FileIdentity, claimed: FileIdentity): boolean {
  if (known.size !== null && claimed.size !== null && known.size !== claimed.size) return false;
  if (known.mirror === claimed.mirror && known.etag !== null && claimed.etag !== null) {
    return known.etag === claimed.etag;
  }
  return known.lastModified !== null && known.lastModified === claimed.lastModified;
}

/** The validator to send to `mirror` as If-Range; null if it would not understand any. */
export function ifRangeFor(known: FileIdentity, mirror: string): string | null {
  return (known.mirror === mirror ? known.etag : null) ?? known.lastModified;
}
