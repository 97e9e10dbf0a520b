import {
  DISTRUST_KEY,
  IMPORT_KEY,
  type KeyReport,
  LIST_KEYS,
  RETIRE_KEY,
  ROTATE_KEY,
  SHOW_PUBLIC_KEYS,
  TRUST_KEY,
} from "../../api/keys.ts";
import { asFaultOfRequest, PkgstashError } from "../../errors.ts";
import type { KeyFacts, TrustedKey } from "../../publishing/signing/signing.ts";
import { handle, type Route } from "./route.ts";

export const keyRoutes: readonly Route[] = [
  handle(LIST_KEYS, async ({ publishing: { signing } }) => ({
    keys: (await signing.list()).map(keyReport),
    trusted: (await signing.trusted()).map(trustedReport),
  })),
  handle(SHOW_PUBLIC_KEYS, async ({ publishing: { signing } }) => {
    const { fingerprint, armored } = await signing.publicKeys();
    return { fingerprint, armored };
  }),
  handle(ROTATE_KEY, async ({ publishing: { signing }, body: { overlap_ms }, note }) => {
    const key = keyReport(await signing.rotate({ overlapMs: overlap_ms }));
    note({ fingerprint: key.fingerprint, signs_from: key.signs_from });
    return key;
  }),
  handle(
    IMPORT_KEY,
    async ({ publishing: { signing }, body: { armored, passphrase, overlap_ms }, note }) => {
      const options = { passphrase, overlapMs: overlap_ms };
      const key = keyReport(await ofClient(() => signing.import(armored, options)));
      note({ fingerprint: key.fingerprint, signs_from: key.signs_from });
      return key;
    },
  ),
  handle(RETIRE_KEY, async ({ publishing, path: { fingerprint }, query: { force } }) => {
    await publishing.retireKey(fingerprint, { force: force === "true" });
  }),
  handle(TRUST_KEY, async ({ publishing: { signing }, body: { armored }, note }) => {
    const key = trustedReport(await ofClient(() => signing.trust(armored)));
    note(key);
    return key;
  }),
  handle(DISTRUST_KEY, async ({ publishing: { signing }, path: { fingerprint } }) => {
    if (await signing.distrust(fingerprint)) return;
    throw new PkgstashError(
      "not_found",
      `Cannot distrust ${fingerprint}: it is not trusted. List the keys to see their fingerprints.`,
    );
  }),
];

/** Treats a fault in a client's key as a fault of the request. */
async function ofClient<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFaultOfRequest(error);
  }
}

function keyReport(facts: KeyFacts): KeyReport {
  return {
    fingerprint: facts.fingerprint,
    user_ids: [...facts.userIds],
    created_at: facts.createdAt.toISOString(),
    expires_at: facts.expiresAt?.toISOString() ?? null,
    signs_from: facts.signsFrom.toISOString(),
    state: facts.state,
  };
}

function trustedReport({ fingerprint, userIds }: TrustedKey) {
  return { fingerprint, user_ids: [...userIds] };
}
