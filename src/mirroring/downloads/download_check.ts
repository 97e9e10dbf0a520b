import { PkgstashError } from "../../errors.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { DownloadRequest } from "./download_request.ts";
import { MixedFileError } from "./mixed_file.ts";
import type { Origins } from "./origins.ts";
import type { PartFile } from "./part_file.ts";
import { checkStreamEnd } from "./stream_end.ts";
import type { Transfer } from "./transfer.ts";

export interface WholeFile {
  request: DownloadRequest;
  sha256: string;
  /** The last transfer at the front. */
  last: Transfer;
  /**
   * The mirror, if clients already have some of its bytes, so that it cannot simply be replaced;
   * otherwise null.
   */
  origins: Origins | null;
}

/**
 * Verifies a complete part before its last byte is released; throws to refuse it. The mirror that
 * sent it is judged, unless there were several.
 */
export async function checkWhole(
  part: PartFile,
  upstream: Upstream,
  { request, sha256, last, origins }: WholeFile,
): Promise<void> {
  const { fileName, kind, examine } = request;
  const { identity, mirror } = last;
  // Ask again: a database with another expectation may have been published meanwhile.
  const expected = (await expectationOf(request))?.sha256 ?? null;
  try {
    if (expected !== null && sha256 !== expected) {
      const message =
        `Cannot accept ${fileName}: its SHA-256 is ${sha256}, but the database says ${expected}.`;
      if (origins !== null && origins.mirrors.length > 1) {
        throw new MixedFileError(message, origins);
      }
      throw new PkgstashError("content", message);
    }
    if (expected === null && identity.size === null && last.endsWithConnection) {
      await checkStreamEnd(kind, fileName, part.path);
    }
    await examine?.(part.path, mirror, identity);
  } catch (error) {
    if (error instanceof MixedFileError) throw error;
    // Whatever the reason, these bytes must not be resumed.
    if (!(error instanceof PkgstashError && error.kind === "content")) await part.discard();
    upstream.recordFailure({ mirror, error }, request);
    throw error;
  }
}

/** What the served database says about a file now; null if nothing. */
export async function expectationOf(
  { expectations, fileName, repository }: DownloadRequest,
): Promise<Expectation | null> {
  return await expectations?.expectationOf(repository, fileName) ?? null;
}
