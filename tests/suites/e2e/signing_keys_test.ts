// The daemon's own keys and signatures, as gpg, pacman-key and repo-add see them.
import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { PkgstashError } from "../../../src/errors.ts";
import { Signing } from "../../../src/publishing/signing/signing.ts";
import { NAMED_BINARY } from "../../support/binary_under_test.ts";
import { runCommand } from "../../support/child_process.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { stopAgent } from "../../support/end_to_end/signing_key.ts";
import { endToEndTest, type TestBed } from "../../support/end_to_end/test_bed.ts";

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

async function signingIn(bed: TestBed, passphrase: string | null = null): Promise<Signing> {
  return new Signing({
    directory: await bed.newFolder("keys"),
    readPassphrase: () => passphrase,
    userName: "pkgstash on stash",
  });
}

/** A GnuPG home that ends with the test. */
class Keyring implements AsyncDisposable {
  private constructor(readonly home: string) {}

  static async create(bed: TestBed): Promise<Keyring> {
    return new Keyring(await bed.newFolder("gnupg", 0o700));
  }

  async gpg(...args: string[]): Promise<string> {
    return await runCommand(["gpg", "--batch", "--quiet", ...args], {
      env: { GNUPGHOME: this.home },
    });
  }

  async import(bed: TestBed, signing: Signing): Promise<void> {
    const path = join(await bed.newFolder("public"), "keys.gpg");
    await Deno.writeFile(path, (await signing.publicKeys()).binary);
    await this.gpg("--import", path);
  }

  /** The fingerprint of the primary key that made a good signature; it throws otherwise. */
  async makerOf(path: string): Promise<string | undefined> {
    const status = await this.gpg("--status-fd", "1", "--verify", `${path}.sig`, path);
    return /^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})$/m.exec(status)?.[1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAgent(this.home);
  }
}

/** A file of this size, with the daemon's signature beside it. */
async function signedFile(bed: TestBed, signing: Signing, bytes: number): Promise<string> {
  const path = join(await bed.newFolder("file"), "file");
  await Deno.writeFile(path, new Uint8Array(bytes).map((_, index) => index % 251));
  await Deno.writeFile(`${path}.sig`, await signing.sign(path));
  return path;
}

endToEndTest(
  "gpg finds every signature good, of any size, before and after a rotation",
  async (bed) => {
    await using keyring = await Keyring.create(bed);
    const signing = await signingIn(bed, "a passphrase");
    const { fingerprint: first } = await signing.publicKeys();
    const before = await Promise.all(
      [0, 1, 512 * 1024, 20_000_001].map((bytes) => signedFile(bed, signing, bytes)),
    );
    const { fingerprint: second } = await signing.rotate({ overlapMs: 0 });
    const after = await signedFile(bed, signing, 100);
    await keyring.import(bed, signing);
    for (const path of before) assertEquals(await keyring.makerOf(path), first);
    assertEquals(await keyring.makerOf(after), second);
    await Deno.writeTextFile(after, "other");
    await assertRejects(() => keyring.makerOf(after), Error, "BAD signature");
  },
);

endToEndTest("pacman-key imports, signs and verifies as client-config says", async (bed) => {
  const signing = await signingIn(bed);
  const { armored, fingerprint } = await signing.publicKeys();
  const path = await signedFile(bed, signing, 1000);
  const home = await bed.newFolder("pacman-gnupg", 0o700);
  const key = join(bed.folder, "mine.asc");
  await Deno.writeTextFile(key, armored);
  const pacmanKey = (...args: string[]) => runCommand(["pacman-key", "--gpgdir", home, ...args]);
  try {
    await pacmanKey("--init");
    await pacmanKey("--add", key);
    await assertRejects(() => pacmanKey("--verify", `${path}.sig`, path));
    await pacmanKey("--lsign-key", fingerprint);
    await pacmanKey("--verify", `${path}.sig`, path);
  } finally {
    await stopAgent(home);
  }
});

for (const primary of ["ed25519", "rsa3072"]) {
  endToEndTest(`a key of gpg with a passphrase is imported and signs: ${primary}`, async (bed) => {
    await using keyring = await Keyring.create(bed);
    const protect = ["--pinentry-mode", "loopback", "--passphrase", "secret"];
    await keyring.gpg(...protect, "--quick-generate-key", "Me <me@example.org>", primary, "cert");
    const listing = await keyring.gpg("--with-colons", "--list-keys");
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing)![1]!;
    await keyring.gpg(...protect, "--quick-add-key", fingerprint, "ed25519", "sign");
    const armored = await keyring.gpg(...protect, "--armor", "--export-secret-keys", fingerprint);
    const signing = await signingIn(bed);
    await assertRejects(
      () => signing.import(armored, { passphrase: "wrong", overlapMs: 0 }),
      PkgstashError,
    );
    await signing.import(armored, { passphrase: "secret", overlapMs: 0 });
    const path = await signedFile(bed, signing, 1000);
    assertEquals(await keyring.makerOf(path), fingerprint);
    const userIds = (await signing.list()).flatMap((key) => key.userIds);
    assertEquals(userIds, ["Me <me@example.org>"]);
  });
}

for (const algorithm of ["ed25519", "rsa3072"]) {
  endToEndTest(
    `a packager's signature by gpg is kept if its key is trusted: ${algorithm}`,
    async (bed) => {
      await using keyring = await Keyring.create(bed);
      const free = ["--pinentry-mode", "loopback", "--passphrase", ""];
      await keyring.gpg(...free, "--quick-generate-key", "Packager", algorithm, "sign");
      const signing = await signingIn(bed);
      const path = join(await bed.newFolder("file"), "a-1-1-any.pkg.tar.zst");
      await Deno.writeTextFile(path, "a package");
      await keyring.gpg("--no-armor", "--detach-sign", path);
      const signature = await Deno.readFile(`${path}.sig`);
      await assertRejects(() => signing.verify(path, signature), PkgstashError, "is not trusted");
      const { fingerprint } = await signing.trust(await keyring.gpg("--armor", "--export"));
      assertEquals(await signing.verify(path, signature), [fingerprint]);
      await Deno.writeTextFile(path, "another package");
      const error = await assertRejects(() => signing.verify(path, signature), PkgstashError);
      assertStringIncludes(error.message, "it is invalid");
    },
  );
}

endToEndTest(
  "a client set up with client-config's own lines installs signed packages only",
  async (bed) => {
    const repositories = await bed.repositories();
    const mirror = await bed.mirror({ root: repositories.root });
    const environment = join(await bed.daemonFolder(), "token.env");
    await Deno.writeTextFile(environment, "PKGSTASH_TOKEN=secret-of-the-tests\n", { mode: 0o600 });
    const pkgstash = await bed.pkgstash([mirror.url()], {
      env_file: environment,
      repositories: { mine: {} },
    });
    const program = NAMED_BINARY === null
      ? [Deno.execPath(), "run", "--quiet", "--allow-all", MAIN]
      : [NAMED_BINARY];
    const cli = (...args: string[]) =>
      runCommand([...program, ...args, "--url", pkgstash.url], {
        env: { PKGSTASH_TOKEN: "secret-of-the-tests" },
      });
    const [leaf] = await buildPackages([{ name: "leaf", size: 1000 }]);
    await cli("repo", "add", "mine", leaf!.path);

    const lines = (await cli("client-config")).split("\n");
    const commands = lines.flatMap((line) => /^# {2}(.+)$/.exec(line)?.[1] ?? []);
    const section = lines.slice(lines.indexOf("[mine]")).slice(0, 3);
    const client = await bed.client([], { repositories: [], sigLevel: "Required" });
    const configuration = join(client.folder, "pacman.conf");
    await Deno.writeTextFile(configuration, `${section.join("\n")}\n`, { append: true });
    const keyring = join(client.folder, "gpg");
    const run = (command: string) =>
      runCommand([
        "sh",
        "-ec",
        command.replaceAll("pacman-key ", `pacman-key --gpgdir '${keyring}' `),
      ]);
    try {
      await run("pacman-key --init");
      const stranger = await client.try("-Sy", "leaf");
      assertNotEquals(stranger.code, 0);
      assertEquals(commands.length, 2);
      for (const command of commands) await run(command);
      await client.run("-Sy", "leaf");
      assertEquals(await client.run("-Q"), "leaf 1.0-1\n");

      // A key that does not sign yet comes by the keyring package, as Arch Linux's keys do.
      const next = JSON.parse(await cli("key", "rotate", "--json")).fingerprint;
      await cli("key", "package", "mine");
      // Without its scriptlet: there is no shell in the client's root.
      await client.run("-Sy", "--noscriptlet", "mine-keyring");
      // pacman-key reads keyrings from one place of this machine only (Debian has its own).
      const script = await Deno.readTextFile((await runCommand(["which", "pacman-key"])).trim());
      const keyrings = client.installed("usr/share/pacman/keyrings");
      const populate = join(client.folder, "populate");
      const moved = script.replaceAll(/\/usr\/share\/(?:pacman\/)?keyrings/g, keyrings);
      await Deno.writeTextFile(populate, moved, { mode: 0o755 });
      await runCommand([populate, "--gpgdir", keyring, "--populate", "mine"]);
      const listing = await runCommand(["gpg", "--batch", "--with-colons", "--list-keys", next], {
        env: { GNUPGHOME: keyring },
      });
      assertMatch(listing, /^pub:f:/m);
    } finally {
      await stopAgent(keyring);
    }
  },
);
