import type { Expectation } from "../../repositories/package_index.ts";
import type { DownloadRequest } from "./download_request.ts";
import type { Transfer } from "./transfer.ts";

/**
 * Files up to this length are verified whole before any byte is handed out, if they arrive soon.
 */
const HELD_BYTES = 1_000_000;
const HELD_MS = 500;

/**
 * How long to hand out nothing because the whole file may be verified soon. A wrong file then does
 * no harm: pacman keeps the beginning of an interrupted one.
 */
export function heldMsOf(
  { kind, patienceMs }: DownloadRequest,
  transfer: Transfer,
  expectation: Expectation | null,
): number {
  const { size } = transfer.identity;
  if (kind !== "package") return 0;
  if (expectation !== null && expectation.sha256 !== null) {
    return size !== null && size <= HELD_BYTES ? Math.min(HELD_MS, patienceMs / 2) : 0;
  }
  return size === null && transfer.endsWithConnection ? patienceMs / 2 : 0;
}
