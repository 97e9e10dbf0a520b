// Repositories on their way out of the daemon and into it.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import { ownPackage } from "../../support/own_package.ts";
import { type House, withHouse } from "../../support/repository_house.ts";
import { sha256Of } from "../../support/sha256.ts";
import { FakeWebServer } from "../../support/fake_web_server.ts";

const NAMES = ["a", "b", "c"];

/** A house with the packages a, b and c in "mine", exported to `folder/copy`. */
async function withCopy(run: (house: House & { copy: string }) => Promise<void>): Promise<void> {
  await withHouse(async (house) => {
    const { repo, files, folder } = house;
    await repo("create", "mine");
    const packages = await Promise.all(NAMES.map((name) => ownPackage(name)));
    await repo("add", "mine", ...await files(...packages));
    const copy = folder.join("copy");
    const exported = await repo("export", "mine", copy);
    assertEquals(exported.code, 0, exported.terminal.errors);
    await run({ ...house, copy });
  });
}

/** The visible files of a directory, by name. */
async function contentOf(directory: string): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith(".")) continue;
    content.set(name, sha256Of(await Deno.readFile(join(directory, name))));
  }
  return content;
}

async function listed({ app }: House, repository: string): Promise<string[]> {
  const { body } = await app.get(`/${repository}/os/x86_64/${repository}.db`);
  const { packages } = await readSyncDb(new Response(body as Uint8Array<ArrayBuffer>).body!);
  return packages!.map(({ name, version }) => `${name} ${version}`);
}

const packageFile = (name: string, version = "1.0-1") => `${name}-${version}-x86_64.pkg.tar.gz`;

Deno.test("an export has everything that is served, under all names that clients ask for", async () => {
  await withCopy(async ({ app, copy }) => {
    const content = await contentOf(copy);
    const names = [
      ...NAMES.flatMap((name) => [packageFile(name), `${packageFile(name)}.sig`]),
      ...["db", "files"].flatMap((kind) =>
        ["", ".tar.gz", ".tar.zst"].flatMap((tar) => [`${kind}${tar}`, `${kind}${tar}.sig`])
      ).map((name) => `mine.${name}`),
    ];
    assertEquals([...content.keys()].sort(), names.sort());
    for (const [name, digest] of content) {
      const { status, body } = await app.get(`/mine/os/x86_64/${name}`);
      assertEquals([status, sha256Of(body)], [200, digest], name);
    }
    assertEquals(await Deno.readLink(join(copy, "mine.db")), "mine.db.tar.gz");
  });
});

Deno.test("an export fetches what is missing or damaged, and nothing else", async () => {
  await withCopy(async ({ repo, files, copy }) => {
    const fetched = async (...args: string[]) => {
      const { code, terminal } = await repo("export", "mine", copy, "--json", ...args);
      assertEquals(code, 0, terminal.errors);
      const { fetched, removed, packages } = JSON.parse(terminal.printed);
      return [packages, fetched, removed];
    };
    assertEquals(await fetched(), [3, 0, 0]);
    await Deno.remove(join(copy, packageFile("a")));
    await Deno.writeTextFile(join(copy, ".pkgstash-export.0-0.part"), "half");
    assertEquals(await fetched(), [3, 1, 0]);
    await repo("remove", "mine", "b");
    await repo("add", "mine", ...await files(await ownPackage("c", "2.0-1")));
    assertEquals(await fetched(), [2, 1, 0]);
    const kept = await contentOf(copy);
    assert(kept.has(packageFile("b")) && kept.has(packageFile("c")));
    assertEquals(await fetched("--delete"), [2, 0, 4]);
    const left = await contentOf(copy);
    assert(!left.has(packageFile("b")) && left.has(packageFile("c", "2.0-1")));
    assertEquals(
      Array.from(Deno.readDirSync(copy)).filter(({ name }) => /part|new$/.test(name)),
      [],
    );
  });
});

Deno.test("an export that would replace a file of somebody else writes nothing", async (t) => {
  const foreign = ["mine.db", "mine.db.tar.gz", packageFile("a"), `${packageFile("a")}.sig`];
  for (const name of foreign) {
    await t.step(name, async () => {
      await withHouse(async ({ repo, files, folder }) => {
        await repo("create", "mine");
        await repo("add", "mine", ...await files(await ownPackage("a")));
        const target = folder.join("target");
        await Deno.mkdir(target);
        await Deno.writeTextFile(join(target, name), "somebody's");
        const refused = await repo("export", "mine", target);
        assertEquals(refused.code, 1);
        assertStringIncludes(refused.terminal.errors, name);
        assertEquals([...(await contentOf(target)).keys()], [name]);
        assertEquals(await Deno.readTextFile(join(target, name)), "somebody's");
        assertEquals((await repo("export", "mine", target, "--force")).code, 0);
      });
    });
  }
});

Deno.test("a file of an export that somebody changed is no longer the export's", async () => {
  await withCopy(async ({ repo, files, copy }) => {
    await Deno.writeTextFile(join(copy, "mine.db.tar.gz"), "extended");
    const refused = await repo("export", "mine", copy, "--delete");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.terminal.errors, "mine.db.tar.gz");
    await repo("remove", "mine", "b");
    await Deno.writeTextFile(join(copy, packageFile("b")), "patched");
    assertEquals((await repo("export", "mine", copy, "--delete", "--force")).code, 0);
    assertEquals(await Deno.readTextFile(join(copy, packageFile("b"))), "patched");
    // What an earlier export wrote of an older package is replaced without asking.
    await repo(
      "add",
      "mine",
      "--replace",
      ...await files(
        await ownPackage("a", "1.0-1", { content: "other" }),
      ),
    );
    const again = await repo("export", "mine", copy);
    assertEquals(again.code, 0, again.terminal.errors);
  });
});

Deno.test("an import takes an export back, with its signatures, from a directory and over HTTP", async (t) => {
  for (const kind of ["directory", "URL"]) {
    await t.step(kind, async () => {
      await withCopy(async (house) => {
        const { repo, copy, app } = house;
        await repo("create", "other");
        using web = FakeWebServer.of(copy);
        const source = kind === "URL" ? web.url : copy;
        const { code, terminal } = await repo("import", "other", source, "--database", "mine");
        assertEquals(code, 0, terminal.errors);
        assertStringIncludes(terminal.printed, "added a 1.0-1");
        assertMatch(terminal.drawings.join(), /\[#+\] .* c-1\.0-1/);
        assertEquals(await listed(house, "other"), ["a 1.0-1", "b 1.0-1", "c 1.0-1"]);
        const { body } = await app.get(`/other/os/x86_64/${packageFile("a")}.sig`);
        assertEquals(body, await Deno.readFile(join(copy, `${packageFile("a")}.sig`)));
        const again = await repo("import", "other", source, "--database", "mine");
        assertStringIncludes(again.terminal.printed, "Nothing to change in other.");
      });
    });
  }
});

Deno.test("an import is refused with the names of what is missing or differs, and leaves nothing", async (t) => {
  const damages: Record<string, (copy: string) => Promise<void>> = {
    "is missing": (copy) => Deno.remove(join(copy, packageFile("b"))),
    "has 10 bytes instead of": (copy) => Deno.truncate(join(copy, packageFile("b")), 10),
    "does not match the SHA-256": async (copy) => {
      const bytes = await Deno.readFile(join(copy, packageFile("b")));
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(join(copy, packageFile("b")), bytes);
    },
    "is not trusted": async (copy) => {
      await Deno.copyFile(
        new URL("../../../deno.json", import.meta.url),
        join(copy, `${packageFile("b")}.sig`),
      );
    },
  };
  for (const kind of ["directory", "URL"]) {
    for (const [reason, damage] of Object.entries(damages)) {
      await t.step(`${kind}: ${reason}`, async () => {
        await withCopy(async (house) => {
          const { repo, copy, app } = house;
          await damage(copy);
          await repo("create", "other");
          using web = FakeWebServer.of(copy);
          const source = kind === "URL" ? web.url : copy;
          const { code, terminal } = await repo("import", "other", source, "--database", "mine");
          assertEquals(code, 1);
          assertStringIncludes(terminal.errors, packageFile("b"));
          if (reason !== "is not trusted") assertStringIncludes(terminal.errors, reason);
          assertEquals(await listed(house, "other"), []);
          const staging = join(app.app.config.stateRoot, "repositories/other/staging");
          assertEquals(Array.from(Deno.readDirSync(staging), ({ name }) => name), []);
        });
      });
    }
  }
});

Deno.test("an import without its database lists the others, and says how to choose one", async () => {
  await withCopy(async ({ repo, copy, folder }) => {
    await repo("create", "other");
    await Deno.copyFile(join(copy, "mine.db"), join(copy, "second.db"));
    const several = await repo("import", "other", copy);
    assertMatch(several.terminal.errors, /no database other\.db\. There are .*--database/);
    const none = await repo("import", "other", folder.join("nowhere"));
    assertEquals(none.code, 1);
    assertMatch(none.terminal.errors, /Cannot read .*nowhere/);
    using web = FakeWebServer.of(copy);
    const missing = await repo("import", "other", `${web.url}${basename(copy)}`);
    assertMatch(missing.terminal.errors, /no database other\.db/);
  });
});

Deno.test("an import follows a limited number of redirects, within HTTP only", async () => {
  await withHouse(async ({ repo }) => {
    await repo("create", "mine");
    using web = FakeWebServer.redirecting("/again");
    const { code, terminal } = await repo("import", "mine", web.url);
    assertEquals(code, 1);
    assertMatch(terminal.errors, /too many redirects/);
    using away = FakeWebServer.redirecting("file:///etc/passwd");
    assertMatch((await repo("import", "mine", away.url)).terminal.errors, /redirected to file:/);
  });
});

Deno.test("an import that is interrupted leaves nothing", async () => {
  await withCopy(async (house) => {
    const { repo, copy, app } = house;
    await repo("create", "other");
    const asked = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    using web = FakeWebServer.waiting(copy, packageFile("b"), async () => {
      asked.resolve();
      await released.promise;
    });
    const importing = repo("import", "other", web.url, "--database", "mine");
    await asked.promise;
    const staging = join(app.app.config.stateRoot, "repositories/other/staging");
    assertEquals(Array.from(Deno.readDirSync(staging)).length, 1, "a has been sent");
    // The test runner keeps SIGINT for itself.
    Deno.kill(Deno.pid, "SIGTERM");
    const { code, terminal } = await importing;
    assertEquals([code, terminal.errors], [1, "pkgstash: Interrupted.\n"]);
    assertEquals(Array.from(Deno.readDirSync(staging), ({ name }) => name), []);
    assertEquals(await listed(house, "other"), []);
    released.resolve();
  });
});
