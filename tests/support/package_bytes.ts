const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * `size` bytes: the magic number of zstd, then pseudo-random ones. Equal arguments return equal
 * bytes; after the magic number, those of different seeds have nothing in common.
 */
export function packageBytes(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  // xorshift32; it must not start from 0.
  let state = (Math.imul(seed + 1, 0x9e3779b1) >>> 0) || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  const bytes = new Uint8Array(words.buffer, 0, size);
  bytes.set(ZSTD_MAGIC.slice(0, size));
  return bytes;
}
