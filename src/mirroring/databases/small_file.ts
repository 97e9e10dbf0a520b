import { createHash } from "node:crypto";
import type { Repository } from "../../repositories/repository.ts";
import { checkBeginning, checkHeaders, largestOf } from "../downloads/content_check.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError } from "../../errors.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";

/** The signature `fileName` as one mirror has it; null when it has none. */
export async function fetchSignature(
  access: Upstream,
  mirror: Mirror,
  repository: Repository,
  fileName: string,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; lastModified: string | null } | null> {
  const largest = largestOf("signature");
  try {
    const body = await access.open({
      repository,
      fileName,
      only: [mirror],
      quick: true,
      headersFor: () => ({}),
      accept: async (body) => {
        checkHeaders("signature", body.headers, body.length, null);
        const bytes = await body.peek(largest + 1);
        checkBeginning("signature", fileName, bytes);
        if (bytes.length > largest || (body.length !== null && body.length !== bytes.length)) {
          throw new PkgstashError("content", `sent a signature of another length than it said`);
        }
      },
      signal,
    });
    const bytes = await body.peek(largest);
    body.close();
    return { bytes, lastModified: body.headers.get("last-modified") };
  } catch (error) {
    if (error instanceof PkgstashError && error.kind === "not_found") return null;
    throw error;
  }
}

/** A database as it was copied from a mirror. */
export interface CopiedDatabase {
  path: string;
  lastModified: string | null;
  etag: string | null;
}

/** Throws `MirrorRefusal` "different" unless `mirror` still has the database that was copied. */
export async function confirmUnchanged(
  access: Upstream,
  mirror: Mirror,
  repository: Repository,
  copy: CopiedDatabase,
  signal: AbortSignal,
): Promise<void> {
  const fileName = `${repository.name}.db`;
  const { lastModified, etag } = copy;
  const body = await access.open({
    repository,
    fileName,
    only: [mirror],
    conditional: true,
    headersFor: () => ({
      ...(lastModified === null ? {} : { "if-modified-since": lastModified }),
      ...(etag === null ? {} : { "if-none-match": etag }),
    }),
    accept: () => Promise.resolve(),
    signal,
  });
  try {
    if (!await isUnchanged(body, copy)) throw changedMeanwhile(mirror, fileName);
  } finally {
    body.close();
  }
}

/** The refusal of a mirror that is in the middle of an update. */
export function changedMeanwhile({ name }: Mirror, fileName: string): MirrorRefusal {
  return new MirrorRefusal("different", `${name} changed ${fileName} while it was being copied`);
}

async function isUnchanged(body: MirrorResponse, copy: CopiedDatabase): Promise<boolean> {
  const { status, headers, length } = body;
  if (status === 304) return true;
  if (copy.lastModified !== null) {
    // Entity tags of one file differ between the machines behind one name.
    const { size } = await Deno.stat(copy.path);
    return headers.get("last-modified") === copy.lastModified && (length ?? size) === size;
  }
  if (copy.etag !== null) return headers.get("etag") === copy.etag;
  const now = createHash("sha256");
  for (let chunk; (chunk = await body.read()) !== null;) now.update(chunk);
  const then = createHash("sha256");
  using file = await Deno.open(copy.path);
  for await (const chunk of file.readable) then.update(chunk);
  return now.digest("hex") === then.digest("hex");
}
