/**
 * Bytes of each unit. Units are steps of 1024 with and without the "i", because the configuration
 * files of the original pkgstash mean 1024 * 1024 * 1024 bytes by "GB".
 */
const BYTES: ReadonlyMap<string, number> = new Map([
  ["T", 1024 ** 4],
  ["G", 1024 ** 3],
  ["M", 1024 ** 2],
  ["K", 1024],
  ["", 1],
]);

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([KMGT])(?:I?B)?|B)$/;

/**
 * A size in bytes: a number with a unit ("50GB", "50 GiB", "1.5T", "1048576B"), upper or lower case,
 * rounded down to a byte, or 0. Null for anything else: for a number without a unit, because whoever
 * forgets the "GB" does not mean bytes, and for what would be rounded to 0, since 0 means something
 * of its own.
 */
export function parseByteSize(text: string): number | null {
  if (text === "0") return 0;
  const match = SIZE.exec(text.toUpperCase());
  if (match === null) return null;
  const bytes = Math.floor(Number(match[1]) * BYTES.get(match[2] ?? "")!);
  if (bytes === 0 && Number(match[1]) !== 0) return null;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** These bytes in the largest unit that gives a whole number; `parseByteSize` reads it back. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [unit, size] of BYTES) {
    if (bytes % size === 0) return `${bytes / size}${unit}B`;
  }
  return `${bytes}B`;
}
