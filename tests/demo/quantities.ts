import { format } from "@std/fmt/bytes";

/** Such as `731 B` or `9.0 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return format(bytes, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Such as `2.4 ms`, `153 ms` or `1.63 s`. */
export function timeText(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
