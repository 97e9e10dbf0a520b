import { join } from "@std/path";
import { removeIfPresent, syncDirectory, writeFileDurably } from "../../platform/files/durable.ts";

/** A private key on disk. */
export interface KeyFile {
  readonly path: string;
  /** In upper-case hexadecimal. */
  readonly fingerprint: string;
  /** When it starts to sign, in milliseconds since the epoch. */
  readonly signsFrom: number;
}

const PRIVATE_NAME = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z)-([0-9A-F]{40})\.asc$/;
const TRUSTED_NAME = /^[0-9A-F]{40,64}\.asc$/;

/**
 * The keys on disk. Each is one file with everything about it, so a copy of the directory at any
 * moment is complete:
 *
 *     private/2026-11-28T19:00:00.000Z-<FINGERPRINT>.asc   signs from then until the next one does
 *     trusted/<FINGERPRINT>.asc                            a packager's key, whose signatures are kept
 */
export class KeyFiles {
  readonly #private: string;
  readonly #trusted: string;

  constructor(directory: string) {
    this.#private = join(directory, "private");
    this.#trusted = join(directory, "trusted");
  }

  /** The private keys, earliest first. */
  async private(): Promise<KeyFile[]> {
    const files = (await namesIn(this.#private)).flatMap((name): KeyFile[] => {
      const [, time, fingerprint] = PRIVATE_NAME.exec(name) ?? [];
      if (time === undefined || fingerprint === undefined) return [];
      return [{ path: join(this.#private, name), fingerprint, signsFrom: Date.parse(time) }];
    });
    return files.sort((a, b) => a.signsFrom - b.signsFrom);
  }

  /** Stores a private key, readable by this user only. */
  async addPrivate(
    armored: string,
    { fingerprint, signsFrom }: Omit<KeyFile, "path">,
  ): Promise<void> {
    await Deno.mkdir(this.#private, { recursive: true, mode: 0o700 });
    const name = `${new Date(signsFrom).toISOString()}-${fingerprint}.asc`;
    await writeFileDurably(join(this.#private, name), armored, { mode: 0o600 });
  }

  /** Removes a private key for good. */
  async removePrivate({ path }: Pick<KeyFile, "path">): Promise<void> {
    await removeIfPresent(path);
    await syncDirectory(this.#private);
  }

  /** The trusted public keys, armored. */
  async trusted(): Promise<string[]> {
    const names = (await namesIn(this.#trusted)).filter((name) => TRUSTED_NAME.test(name));
    return await Promise.all(
      names.toSorted().map((name) => Deno.readTextFile(join(this.#trusted, name))),
    );
  }

  async addTrusted(armored: string, fingerprint: string): Promise<void> {
    await writeFileDurably(this.#trustedPath(fingerprint), armored);
  }

  async removeTrusted(fingerprint: string): Promise<void> {
    await removeIfPresent(this.#trustedPath(fingerprint));
  }

  #trustedPath(fingerprint: string): string {
    return join(this.#trusted, `${fingerprint}.asc`);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
