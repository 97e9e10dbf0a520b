import { PkgstashError } from "../../errors.ts";
import type { MirrorResponse } from "../mirrors/mirror_response.ts";
import { checkBeginning, checkLength, maxBytesOf } from "./content_check.ts";

/** A signature, from a mirror or a database. */
export interface Signature {
  bytes: Uint8Array;
  /** The mirror's Last-Modified header, or null. */
  lastModified: string | null;
}

/**
 * Reads a signature, without taking it from the response.
 * @throws {PkgstashError} `content` if it is too long, does not begin like one, or does not have the
 * declared length. Nothing tells whether one without a declared length is whole.
 */
export async function peekSignature(
  body: Pick<MirrorResponse, "length" | "peek">,
  fileName: string,
): Promise<Uint8Array> {
  const { length } = body;
  const max = maxBytesOf("signature");
  checkLength({ kind: "signature", size: length, expectedSize: null });
  const bytes = await body.peek(max + 1);
  checkBeginning("signature", fileName, bytes);
  if (bytes.length > max || length !== null && length !== bytes.length) throw wrongLength();
  return bytes;
}

/** Takes a signature that `peekSignature` accepted, and closes the response. */
export async function takeSignature(
  body: Pick<MirrorResponse, "headers" | "peek" | "close">,
): Promise<Signature> {
  const bytes = await body.peek(maxBytesOf("signature"));
  body.close();
  return { bytes, lastModified: body.headers.get("last-modified") };
}

/** The refusal of a signature that is cut short or goes on. */
export function wrongLength(): PkgstashError {
  return new PkgstashError(
    "content",
    "sent a signature whose length differs from its Content-Length",
  );
}
