import type { Expectation } from "../../repositories/package_index.ts";
import type { DownloadRequest } from "./download_request.ts";
import type { Transfer } from "./transfer.ts";

/** Files up to this length are checked whole before anybody gets a byte, if they arrive soon. */
const HELD_BYTES = 1_000_000;
const HELD_MS = 500;

/**
 * How long nobody gets a byte because the whole file may be checked soon. Then a wrong one does no
 * harm: pacman keeps the beginning of a file that broke off.
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
