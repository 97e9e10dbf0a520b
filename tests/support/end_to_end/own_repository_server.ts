import { join } from "@std/path";
import { LIST_KEYS, SHOW_PUBLIC_KEYS } from "../../../src/api/keys.ts";
import { ApiClient } from "../../../src/cli/api_client.ts";
import { runCli } from "../../../src/cli/cli.ts";
import { runCommand } from "../child_process.ts";
import { TOKEN } from "../administration.ts";
import type { TrustedKey } from "./pacman_client.ts";
import type { PkgstashDaemon } from "./pkgstash_daemon.ts";
import { type SigningKey, stopAgent } from "./signing_key.ts";
import type { TestBed } from "./test_bed.ts";

/** A pkgstash that keeps repositories of its own, with its administrator. */
export class OwnRepositoryServer {
  readonly pkgstash: PkgstashDaemon;
  readonly #tokenFile: string;

  private constructor(pkgstash: PkgstashDaemon, tokenFile: string) {
    this.pkgstash = pkgstash;
    this.#tokenFile = tokenFile;
  }

  /** Starts one that has no mirrors to ask, unless `more` settings name some. */
  static async start(
    bed: TestBed,
    more: Record<string, unknown> = {},
  ): Promise<OwnRepositoryServer> {
    const tokenFile = join(await bed.daemonFolder(), "pkgstash.env");
    await Deno.writeTextFile(tokenFile, `PKGSTASH_TOKEN=${TOKEN}\n`, { mode: 0o600 });
    const settings = { env_file: tokenFile, refresh_interval: "0", ...more };
    const pkgstash = await bed.pkgstash(["http://127.0.0.1:9/"], settings);
    return new OwnRepositoryServer(pkgstash, tokenFile);
  }

  /** Runs `pkgstash repo ...`; returns its exit code and everything that it printed. */
  async try(...args: string[]): Promise<{ code: number; text: string }> {
    return await this.command("repo", ...args);
  }

  /** Runs any command. */
  async command(...args: string[]): Promise<{ code: number; text: string }> {
    let text = "";
    const print = (line: string) => void (text += `${line}\n`);
    const connection = ["--url", this.pkgstash.url, "--token-file", this.#tokenFile];
    const code = await runCli([...args, ...connection], { out: print, err: print });
    return { code, text };
  }

  /** As `try`; throws what it printed if it fails. */
  async run(...args: string[]): Promise<string> {
    const { code, text } = await this.try(...args);
    if (code !== 0) throw new Error(`pkgstash repo ${args.join(" ")} exits with ${code}:\n${text}`);
    return text;
  }

  /** Has the server trust the signatures of a packager. */
  async trust(packager: SigningKey): Promise<void> {
    const publicKey = join(packager.home, "packager.asc");
    await Deno.writeTextFile(publicKey, await packager.armored());
    const { code, text } = await this.command("key", "trust", publicKey);
    if (code !== 0) throw new Error(`pkgstash key trust exits with ${code}:\n${text}`);
  }

  /** The keys of the server at present, as its clients import them. */
  async key(): Promise<TrustedKey> {
    const client = new ApiClient(this.pkgstash.url.replace(/\/$/, ""), () =>
      Promise.resolve({
        token: TOKEN,
        source: "the test",
      }));
    const { armored } = await client.call(SHOW_PUBLIC_KEYS);
    const { keys } = await client.call(LIST_KEYS);
    const trust = keys.map(({ fingerprint }) => `${fingerprint}:6:\n`).join("");
    return {
      trustIn: async (home) => {
        const env = { GNUPGHOME: home };
        const files = [join(home, "server.asc"), join(home, "server.trust")] as const;
        await Deno.writeTextFile(files[0], armored);
        await Deno.writeTextFile(files[1], trust);
        await runCommand(["gpg", "--batch", "--quiet", "--import", files[0]], { env });
        await runCommand(["gpg", "--batch", "--quiet", "--import-ownertrust", files[1]], { env });
        await stopAgent(home);
      },
    };
  }
}
