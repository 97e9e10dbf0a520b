import { PkgstashError, reasonOf } from "../errors.ts";

/** ENOSPC and EDQUOT. */
const FULL = /\(os error (?:28|122)\)/;

/**
 * Wraps the failure of a change such as "store foo": a disk error of `state_root` becomes an error
 * that says what to do; any other stays as it is.
 */
export function unstored(what: string, error: unknown): unknown {
  const reason = reasonOf(error);
  if (error instanceof PkgstashError || !/\(os error \d+\)/.test(reason)) return error;
  const isFull = FULL.test(reason);
  return new PkgstashError(
    "storage",
    `Cannot ${what}: ${isFull ? "the disk of state_root is full" : reason}. Nothing was changed. ` +
      `${isFull ? "Make room" : "Check the disk of state_root"} and try again.`,
    { cause: error },
  );
}
