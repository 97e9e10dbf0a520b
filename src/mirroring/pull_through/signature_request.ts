import { PkgstashError, reasonOf } from "../../errors.ts";
import { isDamagedSignature, readSignature } from "../../formats/openpgp/signature.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { PackageFile } from "../../repositories/repository.ts";
import type { Traffic } from "../../repositories/traffic.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import {
  peekSignature,
  type Signature,
  takeSignature,
  wrongLength,
} from "../downloads/signature_body.ts";
import type { SignedFile } from "../downloads/signed_file.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";
import { isDifferent, isMissing, NoMirrorError } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { packageNameOf } from "./compared_signatures.ts";

/** What tells whether a signature is right. */
export interface JudgedBy {
  /** The cached package, or null. */
  signed: SignedFile | null;
  /** What the served database says about the package; null if it does not list it. */
  listed: Expectation | null;
}

export interface SignatureRequestOptions {
  upstreams: Pick<Upstreams, "get">;
  traffic: Traffic;
  snapshots: Pick<Snapshots, "current" | "doubt" | "expectationOf">;
  signal: AbortSignal;
}

/**
 * Asks mirrors until one sends a signature that fits.
 * @throws {PkgstashError} `not_found` if none has one.
 */
export async function requestSignature(
  file: PackageFile,
  judgedBy: JudgedBy,
  options: SignatureRequestOptions,
): Promise<Signature> {
  const { upstreams, traffic, signal } = options;
  const { repository, fileName } = file;
  try {
    const body = await upstreams.get(repository.upstream).open({
      repository,
      fileName,
      isQuick: true,
      isAwaited: true,
      prefersCurrent: true,
      headersFor: () => ({}),
      accept: async (body) => {
        const { length, mirror, headers } = body;
        const bytes = await peekSignature(body, fileName);
        const isWhole = length !== null || headers.has("transfer-encoding") ||
          readSignature(bytes) !== null;
        if (!isWhole) throw wrongLength();
        await checkSignature(file, bytes, { mirror, ...judgedBy, ...options });
      },
      signal,
    });
    const signature = await takeSignature(body);
    traffic.addBytesFetched(signature.bytes.length, repository.directory);
    return signature;
  } catch (error) {
    const isNowhere = error instanceof NoMirrorError && error.failures.length > 0 &&
      error.failures.every((failure) => isMissing(failure) || isDifferent(failure));
    if (!isNowhere) throw error;
    throw new PkgstashError("not_found", reasonOf(error) + ".", { cause: error });
  }
}

/**
 * Refuses a signature that was made for another file. Without the package, the mirror that sends it
 * must at least have a package with the length in the database.
 */
async function checkSignature(
  file: PackageFile,
  bytes: Uint8Array,
  { mirror, signed, listed, upstreams, snapshots, signal }:
    & JudgedBy
    & SignatureRequestOptions
    & { mirror: Mirror },
): Promise<void> {
  if (isDamagedSignature(bytes)) throw new MirrorRefusal("faulty", "sent a damaged signature");
  const fits = signed === null ? null : await signed.maySign(bytes);
  if (fits === true) return;
  if (fits === false) {
    await doubtDatabaseOf(file, mirror, snapshots);
    throw new MirrorRefusal("different", "has the signature of another package");
  }
  const size = listed?.size ?? null;
  if (size === null) return;
  const { repository } = file;
  const headers = await upstreams.get(repository.upstream)
    .describe(mirror, repository, packageNameOf(file), signal).catch(() => null);
  if (headers?.get("content-length") === String(size)) return;
  throw new MirrorRefusal("different", "does not have the package that the database lists");
}

/** A package was rebuilt under its name if the mirror of its database has a signature of another. */
async function doubtDatabaseOf(
  file: PackageFile,
  mirror: Mirror,
  snapshots: SignatureRequestOptions["snapshots"],
): Promise<void> {
  const { repository } = file;
  const name = packageNameOf(file);
  if ((await snapshots.current(repository))?.mirror !== mirror.name) return;
  if (await snapshots.expectationOf(repository, name) === null) return;
  snapshots.doubt(repository, `${name} has a signature for a different package on ${mirror.name}`);
}
