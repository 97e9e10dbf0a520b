const MIN_MATCH = 4;

/** Where the content of a block goes, and how far back it may refer. */
export interface Lz4BlockTarget {
  /** Index of its first byte. */
  readonly start: number;
  /** Index of the earliest byte that it may repeat. */
  readonly earliest: number;
}

/**
 * Decodes one LZ4 block into `target`, whose end limits the content. Returns the index after the
 * content, or null if the block is damaged or its content is too large.
 *
 * Source: LZ4 Block Format.
 */
export function decodeLz4Block(
  block: Uint8Array,
  target: Uint8Array,
  { start, earliest }: Lz4BlockTarget,
): number | null {
  let at = 0;
  let end = start;
  /** A length of 15 continues in the following bytes, as long as they are 255. */
  const lengthFrom = (short: number): number => {
    let length = short;
    if (short < 15) return length;
    for (let byte = 255; byte === 255;) {
      byte = block[at++] ?? 0;
      length += byte;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length || end + literals > target.length) return null;
    target.set(block.subarray(at, at + literals), end);
    at += literals;
    end += literals;
    // The last sequence has literals only.
    if (at === block.length) return end;
    const offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const length = lengthFrom(token & 15) + MIN_MATCH;
    const from = end - offset;
    if (offset === 0 || from < earliest || at > block.length || end + length > target.length) {
      return null;
    }
    if (offset >= length) target.copyWithin(end, from, from + length);
    else {for (let index = 0; index < length; index++) {
        target[end + index] = target[from + index] ?? 0;
      }}
    end += length;
  }
  return null;
}
