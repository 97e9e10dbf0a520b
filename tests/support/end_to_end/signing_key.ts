import { runCommand } from "../child_process.ts";

const IDENTITY = "End to End <nobody@example.invalid>";

/** A key pair without a passphrase, in a GnuPG home of its own. */
export class SigningKey implements AsyncDisposable {
  /** The GnuPG home that holds the key pair. */
  readonly home: string;
  readonly fingerprint: string;

  private constructor(home: string, fingerprint: string) {
    this.home = home;
    this.fingerprint = fingerprint;
  }

  /** Generates a key in `home`, an empty folder with mode 0700. */
  static async generate(home: string): Promise<SigningKey> {
    const env = { GNUPGHOME: home };
    await runCommand([
      ...["gpg", "--batch", "--quiet", "--passphrase", ""],
      ...["--quick-generate-key", IDENTITY, "ed25519", "sign", "never"],
    ], { env });
    const listing = await runCommand(["gpg", "--batch", "--with-colons", "--list-keys"], { env });
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing)?.[1];
    if (fingerprint === undefined) throw new Error(`gpg lists no key:\n${listing}`);
    const key = new SigningKey(home, fingerprint);
    await key.#export();
    return key;
  }

  /** Writes a detached signature of a file to `<file>.sig`. */
  async sign(path: string): Promise<void> {
    await runCommand([
      ...["gpg", "--batch", "--yes", "--quiet", "--no-armor", "--detach-sign"],
      ...["--local-user", this.fingerprint, path],
    ], { env: { GNUPGHOME: this.home } });
  }

  /** The public key, armored. */
  async armored(): Promise<string> {
    const env = { GNUPGHOME: this.home };
    return await runCommand(["gpg", "--armor", "--export", this.fingerprint], { env });
  }

  /** Makes a client's GnuPG home trust this key's signatures. */
  async trustIn(home: string): Promise<void> {
    const env = { GNUPGHOME: home };
    await runCommand(["gpg", "--batch", "--quiet", "--import", this.#publicKey], { env });
    await runCommand(["gpg", "--batch", "--quiet", "--import-ownertrust", this.#trust], { env });
    await stopAgent(home);
  }

  get #publicKey(): string {
    return `${this.home}/public.gpg`;
  }

  get #trust(): string {
    return `${this.home}/ownertrust`;
  }

  /** Writes what `trustIn` imports, once: several clients may import it at the same time. */
  async #export(): Promise<void> {
    await runCommand([
      ...["gpg", "--batch", "--quiet", "--output", this.#publicKey, "--export"],
      this.fingerprint,
    ], { env: { GNUPGHOME: this.home } });
    await Deno.writeTextFile(this.#trust, `${this.fingerprint}:6:\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAgent(this.home);
  }
}

/** Ends the daemons that gpg leaves running for a GnuPG home. */
export async function stopAgent(home: string): Promise<void> {
  await runCommand(["gpgconf", "--kill", "all"], { env: { GNUPGHOME: home } });
}
