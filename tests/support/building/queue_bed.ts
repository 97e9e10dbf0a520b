import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { PacmanClient } from "../end_to_end/pacman_client.ts";
import type { BuildBed, packageSource } from "./build_bed.ts";
import { ChildBuilder } from "./child_builder.ts";

/** The daemon's own queue in front of a builder, as an administrator sees it. */
export class QueueBed implements AsyncDisposable {
  readonly #bed: BuildBed;
  readonly builder: ChildBuilder;

  private constructor(bed: BuildBed, builder: ChildBuilder) {
    this.#bed = bed;
    this.builder = builder;
  }

  static async open(bed: BuildBed, settings: Record<string, unknown> = {}): Promise<QueueBed> {
    const { code, text } = await bed.server.command("token", "create", "builder1", "--builder");
    assertEquals(code, 0, text);
    const builder = await ChildBuilder.start(
      await bed.bed.newFolder("builder"),
      { url: bed.server.pkgstash.url, keyring: bed.keyring, ...settings },
      { token: text.trim() },
    );
    return new QueueBed(bed, builder);
  }

  /** Runs a command of the administrator's; returns what it printed. */
  async run(...args: string[]): Promise<string> {
    const { code, text } = await this.#bed.server.command(...args);
    assertEquals(code, 0, text);
    return text;
  }

  /** Has the daemon watch a folder with these files. */
  async addFolder({ package_base, files }: ReturnType<typeof packageSource>): Promise<void> {
    const folder = join(await this.#bed.bed.newFolder("source"), package_base);
    await Deno.mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    await this.run("aur", "add", folder);
  }

  /** Approves what waits under this name and version. */
  async approve(title: string): Promise<void> {
    const line = (await this.run("approvals", "list")).split("\n")
      .find((each) => each.includes(` ${title}`));
    const id = /^([0-9a-f]{8,})\s/.exec(line ?? "")?.[1];
    await this.run("approvals", "approve", id!, "--reason", "looked at it");
  }

  /** A machine that trusts the daemon's key, with these repositories. */
  async client(repositories: readonly string[] = ["aur"]): Promise<PacmanClient> {
    return await this.#bed.bed.client(this.#bed.server.pkgstash, {
      repositories,
      sigLevel: repositories.includes("core") ? "Never" : "Required DatabaseRequired TrustedOnly",
      trust: await this.#bed.server.key(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.builder[Symbol.asyncDispose]();
  }
}
