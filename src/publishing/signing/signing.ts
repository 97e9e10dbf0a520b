import { concat } from "@std/bytes/concat";
import type { Key, PublicKey } from "openpgp";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { type KeyFile, KeyFiles } from "./key_files.ts";
import type { PublicKeys, SignedData, Signer, TrustedSignatures } from "./signer.ts";
import { fingerprintOf, SigningKey } from "./signing_key.ts";
import { packetsOf, readPublicKey, verifySignature } from "./trusted_keys.ts";

const log = eventLogger("signing");

/** How long before a key expires the log begins to warn. */
const EXPIRY_WARNING_MS = 30 * 24 * 3600 * 1000;

const EXPIRY_WARNING_PERIOD_MS = 24 * 3600 * 1000;

/** A key of this daemon, as listed. */
export interface KeyFacts {
  /** Fingerprint of the primary key, in upper-case hexadecimal. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  readonly createdAt: Date;
  /** Null for never. */
  readonly expiresAt: Date | null;
  readonly signsFrom: Date;
  /**
   * The state `next` is not signing yet but already known to clients; `former` is still known to
   * them.
   */
  readonly state: "signing" | "next" | "former";
}

/** Somebody else's key, whose signatures are kept. */
export interface TrustedKey {
  readonly fingerprint: string;
  readonly userIds: readonly string[];
}

export interface SigningOptions {
  /** Directory of the keys; see KeyFiles. */
  readonly directory: string;
  /** Passphrase that locks the private keys on disk; null for none. */
  readonly readPassphrase: () => string | null;
  /** The key's user ID, as gpg shows it. */
  readonly userName: string;
  readonly clock?: Clock;
  /** Called when a key has been added or retired. */
  readonly onChanged?: () => void;
}

interface LoadedKey extends Pick<KeyFile, "signsFrom"> {
  readonly key: SigningKey;
}

/** The keys of this daemon, and those that it trusts. Loaded, or generated, on first use. */
export class Signing implements Signer, TrustedSignatures {
  readonly #options: SigningOptions;
  readonly #clock: Clock;
  readonly #files: KeyFiles;
  readonly #changes = new Turns();
  #warnedAt = -Infinity;
  #keys: Promise<readonly LoadedKey[]> | null = null;
  #trusted: Promise<readonly Key[]> | null = null;

  constructor(options: SigningOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#files = new KeyFiles(options.directory);
  }

  async sign(data: SignedData): Promise<Uint8Array> {
    const { key } = await this.#signing();
    const now = this.#clock.now();
    if (key.expiresAt !== null && key.expiresAt.getTime() <= now) {
      throw new PkgstashError(
        "conflict",
        `Cannot sign: the key ${key.fingerprint} has expired. Create a new one with ` +
          "pkgstash key rotate --now.",
      );
    }
    return await key.sign(data, new Date(now));
  }

  async publicKeys(): Promise<PublicKeys> {
    const { key } = await this.#signing();
    const { armor, enums } = await import("openpgp");
    const keys = (await this.#loaded()).map(({ key }) => key.publicKey.write());
    const binary = concat(keys);
    return {
      fingerprint: key.fingerprint,
      binary,
      // With its checksum: without one, gpg mistakes the end marker for data in every third key.
      armored: armor(enums.armor.publicKey, binary, undefined, undefined, undefined, true),
    };
  }

  /** The keys of this daemon, earliest first; none before one is needed. */
  async list(): Promise<KeyFacts[]> {
    const keys = await this.#loaded();
    const signing = this.#signingAmong(keys);
    return keys.map(({ key, signsFrom }): KeyFacts => ({
      fingerprint: key.fingerprint,
      userIds: key.userIds,
      createdAt: key.createdAt,
      expiresAt: key.expiresAt,
      signsFrom: new Date(signsFrom),
      state: key === signing?.key ? "signing" : signsFrom > this.#clock.now() ? "next" : "former",
    }));
  }

  /** Generates a key that signs after `overlapMs` and is given to clients at once. */
  async rotate({ overlapMs }: { overlapMs: number }): Promise<KeyFacts> {
    return await this.#add(() => SigningKey.make(this.#options.userName), overlapMs);
  }

  /**
   * Imports a key, which signs after `overlapMs`, or at once if it is the first.
   *
   * @throws PkgstashError `content` if it cannot sign, `conflict` if it is already here.
   */
  async import(
    armored: string,
    { passphrase, overlapMs }: { passphrase: string | null; overlapMs: number },
  ): Promise<KeyFacts> {
    return await this.#add(() => SigningKey.read(armored, passphrase), overlapMs);
  }

  /**
   * Removes a former key of this daemon: clients no longer get it, and its signatures are no longer
   * accepted. Its private part is deleted for good.
   *
   * @throws PkgstashError `not_found` if there is no such key, `conflict` if it signs or will.
   */
  async retire(fingerprint: string): Promise<void> {
    await this.#changes.run(async () => {
      await this.assertFormer(fingerprint);
      for (const file of await this.#files.private()) {
        if (file.fingerprint === fingerprint) await this.#files.removePrivate(file);
      }
      this.#changed();
      log.info("signing key retired", { fingerprint });
    });
  }

  /** Throws like `retire`. */
  async assertFormer(fingerprint: string): Promise<void> {
    const found = (await this.list()).find((each) => each.fingerprint === fingerprint);
    const what = `Cannot retire ${fingerprint}:`;
    if (found === undefined) {
      throw new PkgstashError(
        "not_found",
        `${what} this server has no such key. List the keys to see their fingerprints.`,
      );
    }
    if (found.state === "former") return;
    throw new PkgstashError(
      "conflict",
      `${what} ${
        found.state === "signing" ? "it is the signing key" : "it is the next signing key"
      }. Only a key that another one has replaced can be retired; make that one with ` +
        "pkgstash key rotate.",
    );
  }

  /** Fingerprints of the daemon's keys that made a signature, by the key IDs in it. */
  async ownMakersOf(signature: Uint8Array): Promise<string[]> {
    let packets: Awaited<ReturnType<typeof packetsOf>>;
    try {
      packets = await packetsOf(signature);
    } catch (error) {
      // An unreadable signature belongs to nobody.
      if (error instanceof PkgstashError && error.kind === "content") return [];
      throw error;
    }
    const keys = await this.#loaded();
    return keys.filter(({ key }) =>
      packets.some(({ issuerKeyID }) => key.publicKey.getKeys(issuerKeyID).length > 0)
    ).map(({ key }) => key.fingerprint);
  }

  /** The current and next signing keys that have expired or will within 30 days. */
  async expiring(): Promise<KeyFacts[]> {
    const until = this.#clock.now() + EXPIRY_WARNING_MS;
    return (await this.list()).filter(({ state, expiresAt }) =>
      state !== "former" && expiresAt !== null && expiresAt.getTime() <= until
    );
  }

  /** Logs once a day which keys expire soon. */
  async warnOfExpiry(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#warnedAt < EXPIRY_WARNING_PERIOD_MS) return;
    this.#warnedAt = now;
    for (const { fingerprint, expiresAt } of await this.expiring()) {
      log.warn("a signing key expires, rotate it", {
        fingerprint,
        expires_at: expiresAt?.toISOString(),
      });
    }
  }

  /** Other people's keys whose signatures are kept. */
  async trusted(): Promise<TrustedKey[]> {
    return (await this.#trustedKeys()).map((key) => ({
      fingerprint: fingerprintOf(key),
      userIds: key.getUserIDs(),
    }));
  }

  /** Trusts the signatures of an armored public key. */
  async trust(armored: string): Promise<TrustedKey> {
    const key = await readPublicKey(armored);
    const fingerprint = fingerprintOf(key);
    await this.#changes.run(async () => {
      await this.#files.addTrusted(key.armor(), fingerprint);
      this.#trusted = null;
    });
    return { fingerprint, userIds: key.getUserIDs() };
  }

  /** Stops trusting a key; false if it was not trusted. */
  async distrust(fingerprint: string): Promise<boolean> {
    return await this.#changes.run(async () => {
      const isTrusted = (await this.trusted()).some((key) => key.fingerprint === fingerprint);
      if (!isTrusted) return false;
      await this.#files.removeTrusted(fingerprint);
      this.#trusted = null;
      return true;
    });
  }

  /**
   * Verifies a signature that came with a file against the daemon's keys and the trusted ones.
   *
   * @returns the fingerprints of the keys that made it.
   * @throws PkgstashError `content` with the reason for the refusal.
   */
  async verify(data: SignedData, signature: Uint8Array): Promise<string[]> {
    const own = (await this.#loaded()).map(({ key }) => key.publicKey);
    const keys: PublicKey[] = [...own, ...await this.#trustedKeys()];
    return await verifySignature(signature, { data, keys, date: new Date(this.#clock.now()) });
  }

  async verifyTrusted(data: SignedData, signature: Uint8Array): Promise<void> {
    const date = new Date(this.#clock.now());
    await verifySignature(signature, { data, keys: await this.#trustedKeys(), date });
  }

  async isByTrusted(signature: Uint8Array): Promise<boolean> {
    const packets = await packetsOf(signature).catch(() => []);
    const keys = await this.#trustedKeys();
    return packets.length > 0 &&
      packets.every(({ issuerKeyID }) => keys.some((key) => key.getKeys(issuerKeyID).length > 0));
  }

  /** The trusted public keys of others, as `pacman-key --add` reads them. */
  async trustedBinary(): Promise<Uint8Array<ArrayBuffer>> {
    return concat((await this.#trustedKeys()).map((key) => key.write()));
  }

  async #add(make: () => Promise<SigningKey>, overlapMs: number): Promise<KeyFacts> {
    return await this.#changes.run(async () => {
      const key = await make();
      const present = await this.#loaded();
      if (present.some((each) => each.key.fingerprint === key.fingerprint)) {
        throw new PkgstashError(
          "conflict",
          `Cannot import the key ${key.fingerprint}: it is already here. ` +
            "See it with pkgstash key show.",
        );
      }
      const latest = present.at(-1);
      const now = this.#clock.now();
      await this.#store(
        key,
        latest === undefined ? now : Math.max(now + overlapMs, latest.signsFrom + 1),
      );
      const facts = (await this.list()).find((each) => each.fingerprint === key.fingerprint);
      if (facts === undefined) throw new Error("A stored key is not listed");
      return facts;
    });
  }

  async #store(key: SigningKey, signsFrom: number): Promise<void> {
    const { fingerprint } = key;
    const armored = await key.armored(this.#passphrase());
    await this.#files.addPrivate(armored, { fingerprint, signsFrom });
    this.#changed();
    log.info("signing key added", { fingerprint });
  }

  /** The key that signs now; generated if there is none. */
  async #signing(): Promise<LoadedKey> {
    const found = this.#signingAmong(await this.#loaded());
    if (found !== undefined) return found;
    return await this.#changes.run(async () => {
      const added = this.#signingAmong(await this.#loaded());
      if (added !== undefined) return added;
      await this.#store(await SigningKey.make(this.#options.userName), this.#clock.now());
      const made = this.#signingAmong(await this.#loaded());
      if (made === undefined) throw new Error("A key that was made is not there");
      return made;
    });
  }

  /** The latest that may sign; the first if the clock was set back before all of them. */
  #signingAmong(keys: readonly LoadedKey[]): LoadedKey | undefined {
    return keys.findLast(({ signsFrom }) => signsFrom <= this.#clock.now()) ?? keys[0];
  }

  #loaded(): Promise<readonly LoadedKey[]> {
    return this.#keys ??= this.#load().catch((error) => {
      this.#keys = null;
      throw error;
    });
  }

  async #load(): Promise<LoadedKey[]> {
    const loaded: LoadedKey[] = [];
    const passphrase = this.#passphrase();
    for (const { path, fingerprint, signsFrom } of await this.#files.private()) {
      let key: SigningKey;
      try {
        key = await SigningKey.read(await Deno.readTextFile(path), passphrase, { date: null });
      } catch (error) {
        throw new PkgstashError("storage", `Cannot use the key ${path}: ${reasonOf(error)}.`, {
          cause: error,
        });
      }
      if (key.fingerprint !== fingerprint) {
        throw new PkgstashError(
          "storage",
          `Cannot use the key ${path}: it is ${key.fingerprint}. Restore it from a backup.`,
        );
      }
      if (passphrase !== null && !key.wasLocked) {
        await this.#files.addPrivate(await key.armored(passphrase), { fingerprint, signsFrom });
        log.info("signing key locked with the passphrase", { fingerprint });
      }
      loaded.push({ key, signsFrom });
    }
    return loaded;
  }

  /** An empty passphrase would lock nothing. */
  #passphrase(): string | null {
    const passphrase = this.#options.readPassphrase();
    if (passphrase !== "") return passphrase;
    throw new PkgstashError(
      "storage",
      "Cannot use the signing keys: their passphrase is empty. Check the service's credential.",
    );
  }

  #changed(): void {
    this.#keys = null;
    this.#options.onChanged?.();
  }

  #trustedKeys(): Promise<readonly Key[]> {
    return this.#trusted ??= this.#files.trusted()
      .then((keys) => Promise.all(keys.map(readPublicKey)))
      .catch((error) => {
        this.#trusted = null;
        throw error;
      });
  }
}
