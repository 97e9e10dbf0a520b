// Repositories of one's own as clients, administrators and attackers see them.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import { TOKEN } from "../../support/administration.ts";
import { ownPackage } from "../../support/own_package.ts";
import { gzipped, madePackage, type PackageMember } from "../../support/made_package.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { sha256Of } from "../../support/sha256.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { withHouse } from "../../support/repository_house.ts";
import type { TestApp } from "../../support/test_app.ts";

const DIRECTORY = "/mine/os/x86_64";
const API = "/api/v1/repositories";
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

/** Asks the API; the answer as JSON. */
// deno-lint-ignore no-explicit-any -- each endpoint answers differently
async function ask(app: TestApp, method: string, target: string, body?: unknown): Promise<any> {
  const response = await fetch(`${app.origin}${API}${target}`, {
    method,
    headers: AUTHORIZATION,
    ...(body === undefined ? {} : {
      body: body instanceof Uint8Array ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return { status: response.status, ...(text === "" ? {} : JSON.parse(text)) };
}

async function listed(bytes: Uint8Array): Promise<string[]> {
  const { packages } = await readSyncDb(new Response(bytes as Uint8Array<ArrayBuffer>).body!);
  return packages!.map(({ name, version }) => `${name} ${version}`);
}

Deno.test("repositories are created, filled, listed, emptied and rolled back on the command line", async () => {
  await withHouse(async ({ app, repo, files }) => {
    const created = await repo("create", "mine");
    assertEquals(created.code, 0, created.terminal.errors);
    assertStringIncludes(created.terminal.printed, "[repositories.mine]");
    const paths = await files(await ownPackage("foo"), await ownPackage("bar"));
    const added = await repo("add", "mine", ...paths);
    assertEquals(added.code, 0, added.terminal.errors);
    assertStringIncludes(added.terminal.printed, "added bar 1.0-1");
    assertStringIncludes(added.terminal.printed, "Published generation 2 of mine.");
    assertMatch(added.terminal.drawings.join(), /\[#+\] .* bar-1\.0-1-x86_64\.pkg\.tar\.gz/);
    assertMatch((await repo("list")).terminal.printed, /^mine +x86_64 +2 /m);
    assertMatch((await repo("show", "mine", "f*")).terminal.printed, /^foo +1\.0-1 +x86_64/m);
    assertEquals((await repo("remove", "mine", "foo")).code, 0);
    assertEquals((await repo("remove", "mine", "foo")).code, 1, "it is gone");
    const { body: database } = await app.get(`${DIRECTORY}/mine.db`);
    assertEquals(await listed(database), ["bar 1.0-1"]);
    assertEquals((await repo("rollback", "mine", "2")).code, 0);
    const history = await repo("history", "mine", "--json");
    const { generations } = JSON.parse(history.terminal.printed);
    assertEquals(
      generations.map(({ number, action }: { number: number; action: string }) =>
        `${number} ${action}`
      ),
      ["4 rollback to 2", "3 remove", "2 add", "1 create"],
    );
    const page = (await repo("history", "mine", "--limit", "2")).terminal.printed;
    assertMatch(
      page,
      /^4 .* rollback to 2(?:.|\n)*^3 .* remove(?:.|\n)*There are more: --before 3/m,
    );
    const rest = (await repo("history", "mine", "--limit", "2", "--before", "3")).terminal.printed;
    assertMatch(rest, /^2 .* add(?:.|\n)*^1 .* create/m);
    assert(!rest.includes("There are more"), rest);
    const none = (await repo("history", "mine", "--before", "1")).terminal.printed;
    assertEquals(none, "Nothing before generation 1 is kept.\n");
    assertEquals(await listed((await app.get(`${DIRECTORY}/mine.db`)).body), [
      "bar 1.0-1",
      "foo 1.0-1",
    ]);
  });
});

Deno.test("a repository is created with every key that its table can have", async () => {
  await withHouse(async ({ repo }) => {
    const { code, terminal } = await repo(
      ...[
        "create",
        "mine",
        "--architectures",
        "x86_64,aarch64",
        "--client-path",
        "own/$repo/$arch",
      ],
      ...["--signing", "none", "--upload-tokens", "ci,nightly", "--keep-versions", "1"],
      ...["--keep-generations", "5", "--keep-days", "30"],
    );
    assertEquals(code, 0, terminal.errors);
    for (
      const line of [
        'architectures = ["x86_64", "aarch64"]',
        'client_path = "own/$repo/$arch"',
        'signing = "none"',
        'upload_tokens = ["ci", "nightly"]',
        "keep_versions = 1",
        "keep_generations = 5",
        "keep_days = 30",
      ]
    ) assertStringIncludes(terminal.printed, line);
    const refused = await repo("create", "other", "--upload-tokens", "../ci");
    assertEquals(refused.code, 1);
    assertMatch(refused.terminal.errors, /upload_tokens/);
  });
});

Deno.test("clients get databases under all names, packages, signatures and a listing", async () => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    const foo = await ownPackage("foo");
    await repo("add", "mine", ...await files(foo));
    for (const name of ["mine.db", "mine.db.tar.gz", "mine.files", "mine.files.tar.zst"]) {
      const { status, body, headers } = await app.get(`${DIRECTORY}/${name}`);
      assertEquals([status, headers.get("x-cache")], [200, "HIT"], name);
      assertEquals(await listed(body), ["foo 1.0-1"]);
      assertEquals((await app.get(`${DIRECTORY}/${name}.sig`)).status, 200);
    }
    const got = await app.get(`${DIRECTORY}/${foo.fileName}`);
    assertEquals(got.body, foo.bytes);
    assertEquals((await app.get(`${DIRECTORY}/${foo.fileName}.sig`)).status, 200);
    const part = await app.get(`${DIRECTORY}/${foo.fileName}`, { range: "bytes=2-4" });
    assertEquals([part.status, part.body], [206, foo.bytes.slice(2, 5)]);
    const since = got.headers.get("last-modified")!;
    const again = await app.get(`${DIRECTORY}/${foo.fileName}`, { "if-modified-since": since });
    assertEquals(again.status, 304);
    assertEquals((await app.get(`${DIRECTORY}/other-1-1-any.pkg.tar.gz`)).status, 404);
    assertStringIncludes((await app.get(`${DIRECTORY}/`)).text, foo.fileName);
    assertStringIncludes((await app.get("/")).text, 'href="./mine/"');
    assertStringIncludes((await app.get("/")).text, 'href="./core/"');
    assertEquals(app.count(), 0, "no mirror was asked");
  });
});

Deno.test("a client in the middle of a sync keeps the pair that it began with, and its packages", async () => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    const [before, after] = [
      await ownPackage("foo", "1.0-1", { content: "one" }),
      await ownPackage("foo", "1.0-1", { content: "other" }),
    ];
    await repo("add", "mine", ...await files(before));
    const database = await app.get(`${DIRECTORY}/mine.db`);
    const { body: signature } = await app.get(`${DIRECTORY}/mine.db.sig`);
    assertEquals((await repo("add", "mine", "--replace", ...await files(after))).code, 0);
    assertEquals((await app.get(`${DIRECTORY}/mine.db.sig`)).body, signature);
    assertEquals((await app.get(`${DIRECTORY}/${before.fileName}`)).body, before.bytes);
    const fresh = await app.get(`${DIRECTORY}/mine.db`, {
      "if-modified-since": database.headers.get("last-modified")!,
    });
    assertEquals(fresh.status, 200, "a new database has a new date");
    assert(String((await app.get(`${DIRECTORY}/mine.db.sig`)).body) !== String(signature));
    assertEquals((await app.get(`${DIRECTORY}/${before.fileName}`)).body, after.bytes);
  });
});

Deno.test("an own repository never takes a name or a path from a mirrored one", async () => {
  await withHouse(async ({ app, repo }) => {
    const core = new PublishedRepository(app.mirror).set("a", 1);
    await core.publish();
    const taken = await repo("create", "core");
    assertEquals(taken.code, 1);
    assertMatch(taken.terminal.errors, /"core\/os\/x86_64", which overlaps with upstream "arch"/);
    for (const name of ["../core", "Mine", "a/b", ".x", "api"]) {
      assertEquals((await repo("create", name)).code, 1, name);
    }
    assertEquals((await repo("create", "mine", "--client-path", "metrics/$repo/$arch")).code, 1);
    assertEquals((await app.get(core.path("core.db"))).status, 200);
    assertEquals((await ask(app, "GET", "")).repositories, []);
  });
});

Deno.test("a mirrored package's name needs --shadow, which gives a warning", async () => {
  await withHouse(async ({ app, repo, files }) => {
    const core = new PublishedRepository(app.mirror).set("a", 1);
    await core.publish();
    await app.warm(core.path("core.db"));
    await repo("create", "mine");
    const paths = await files(await ownPackage("a"));
    const refused = await repo("add", "mine", ...paths);
    assertEquals(refused.code, 1);
    assertMatch(refused.terminal.errors, /a is also in core\/os\/x86_64 .*--shadow/);
    const added = await repo("add", "mine", "--shadow", ...paths);
    assertEquals(added.code, 0);
    assertMatch(added.terminal.printed, /Warning: a is also in core/);
  });
});

Deno.test("a package that others depend on is removed only with --force", async () => {
  await withHouse(async ({ repo, files }) => {
    await repo("create", "mine");
    const packages = [
      await ownPackage("lib", "1.0-1", { provides: ["libfoo.so=1-64"] }),
      await ownPackage("tool", "1.0-1", { depends: ["libfoo.so=1-64"] }),
    ];
    await repo("add", "mine", ...await files(...packages));
    const refused = await repo("remove", "mine", "lib");
    assertEquals(refused.code, 1);
    assertMatch(refused.terminal.errors, /tool needs libfoo\.so=1-64 \(--force allows it\)/);
    assertEquals((await repo("remove", "mine", "lib", "--force")).code, 0);
  });
});

Deno.test("packages are promoted without a copy, and moved", async () => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "testing");
    await repo("create", "mine");
    const packages = [
      await ownPackage("lib"),
      await ownPackage("tool", "1.0-1", { depends: ["lib"] }),
    ];
    await repo("add", "testing", ...await files(...packages));
    const promoted = await repo("promote", "testing", "mine", "lib");
    assertEquals(promoted.code, 0, promoted.terminal.errors);
    assertStringIncludes(promoted.terminal.printed, "Published generation 2 of mine.");
    const { body: database } = await app.get(`${DIRECTORY}/mine.db`);
    assertEquals(await listed(database), ["lib 1.0-1"]);
    const lib = packages[0]!;
    assertEquals((await app.get(`${DIRECTORY}/${lib.fileName}`)).body, lib.bytes);
    assertEquals((await app.get(`${DIRECTORY}/${lib.fileName}.sig`)).status, 200);
    const digest = sha256Of(lib.bytes).slice(0, 40);
    const [inTesting, inMine] = ["testing", "mine"].map((name) =>
      Deno.statSync(
        join(app.app.config.stateRoot, "repositories", name, "packages", digest, lib.fileName),
      ).ino
    );
    assertEquals(inTesting, inMine, "one file");
    const refused = await repo("move", "testing", "mine", "lib");
    assertEquals(refused.code, 1);
    assertMatch(refused.terminal.errors, /tool needs lib/);
    assertEquals((await repo("move", "testing", "mine", "lib", "tool")).code, 0);
    assertEquals((await ask(app, "GET", "/testing")).packages, []);
    assertEquals((await ask(app, "GET", "/mine")).repository.packages, 2);
    assertEquals((await repo("promote", "mine", "mine", "lib")).code, 1);
    assertEquals((await repo("promote", "testing", "mine", "lib")).code, 1, "it is gone");
  });
});

Deno.test("verify names each file that differs from what was published", async (t) => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    const foo = await ownPackage("foo");
    await repo("add", "mine", ...await files(foo, await ownPackage("bar")));
    const right = await repo("verify", "mine");
    assertEquals(right.code, 0, right.terminal.errors);
    assertMatch(right.terminal.printed, /^2 packages read, .*: no damage found\.$/m);
    const state = join(app.app.config.stateRoot, "repositories/mine");
    const stored = join(state, "packages", sha256Of(foo.bytes).slice(0, 40), foo.fileName);
    const generation = join(state, "generations/00000002");
    const damages: [string, RegExp][] = [
      [stored, /^foo-.*\.gz: it differs from what was published$/m],
      [`${stored}.sig`, /^foo-.*\.gz\.sig: Cannot accept the signature/m],
      [join(generation, "x86_64.files"), /^x86_64\.files: it differs from/m],
      [join(generation, "x86_64.db.sig"), /^x86_64\.db\.sig: it differs from/m],
    ];
    for (const [path, wanted] of damages) {
      await t.step(path.slice(path.lastIndexOf("/") + 1), async () => {
        const bytes = await Deno.readFile(path);
        await Deno.writeFile(path, bytes.with(bytes.length - 9, bytes.at(-9)! ^ 1));
        const found = await repo("verify", "mine");
        assertEquals(found.code, 1);
        assertMatch(found.terminal.printed, wanted);
        await Deno.writeFile(path, bytes);
      });
    }
    await Deno.remove(`${stored}.sig`);
    assertMatch((await repo("verify", "mine")).terminal.printed, /gz\.sig: it is missing$/m);
  });
});

Deno.test("of several versions in one call, the newest is published", async () => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    const versions = ["1.10-1", "1.9-1", "1.2-1"];
    const packages = await Promise.all(versions.map((version) => ownPackage("foo", version)));
    assertEquals((await repo("add", "mine", ...await files(...packages))).code, 0);
    const { body } = await app.get(`${DIRECTORY}/mine.db`);
    assertEquals(await listed(body), ["foo 1.10-1"]);
  });
});

Deno.test("a hostile or broken upload is refused with its reason, and leaves nothing", async (t) => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    await repo("add", "mine", ...await files(await ownPackage("foo")));
    const before = await ask(app, "GET", "/mine");
    const { fileName, bytes } = await ownPackage("bad");
    const tarOf = async (...members: PackageMember[]) =>
      new Uint8Array(await gzipped(await madePackage(members)));
    const cases: [string, string, Uint8Array, RegExp][] = [
      ["no archive", fileName, new TextEncoder().encode("hello"), /Cannot take/],
      ["nothing", fileName, new Uint8Array(0), /Cannot take/],
      ["cut short", fileName, bytes.subarray(0, bytes.length - 30), /Cannot take/],
      ["another name", "worse-1.0-1-x86_64.pkg.tar.gz", bytes, /has the name "bad"/],
      ["another version", "bad-2.0-1-x86_64.pkg.tar.gz", bytes, /has the version "1\.0-1"/],
      ["another architecture", "bad-1.0-1-any.pkg.tar.gz", bytes, /has the architecture/],
      ["no .PKGINFO", fileName, await tarOf(["usr/", ""]), /has no \.PKGINFO/],
      ["no package name", "evil.txt", bytes, /not named like a package/],
      [
        "a name that leads out",
        "..%2F..%2Fbad-1.0-1-x86_64.pkg.tar.gz",
        bytes,
        /not named like a pack/,
      ],
      [
        "a path that leads out",
        fileName,
        await tarOf([".PKGINFO", "pkgname = bad\npkgver = 1.0-1\narch = x86_64\n"], ["../x", ""]),
        /Cannot take/,
      ],
    ];
    for (const [what, name, content, reason] of cases) {
      await t.step(what, async () => {
        const { upload } = await ask(app, "POST", "/mine/uploads");
        const answer = await ask(app, "PUT", `/mine/uploads/${upload}/${name}`, content);
        assertEquals(answer.status, 400, JSON.stringify(answer));
        assertMatch(answer.detail, reason);
        const published = await ask(app, "POST", `/mine/uploads/${upload}/publish`, {});
        assertEquals(published.status, 400, "there is nothing to publish");
        assertEquals((await ask(app, "DELETE", `/mine/uploads/${upload}`)).status, 204);
      });
    }
    assertEquals(await ask(app, "GET", "/mine"), before);
    const staging = join(app.app.config.stateRoot, "repositories/mine/staging");
    assertEquals([...Deno.readDirSync(staging)], []);
  });
});

Deno.test("an interrupted upload leaves nothing, and can be repeated", async () => {
  await withHouse(async ({ app, repo }) => {
    await repo("create", "mine");
    const { fileName, bytes } = await ownPackage("foo");
    const { upload } = await ask(app, "POST", "/mine/uploads");
    const target = `${API}/mine/uploads/${upload}/${fileName}`;
    const broken = await app.open(target, {
      method: "PUT",
      headers: { ...AUTHORIZATION, "content-length": String(bytes.length) },
    });
    broken.close();
    await app.log.waitFor(/the upload broke off/);
    assertEquals((await ask(app, "POST", `/mine/uploads/${upload}/publish`, {})).status, 400);
    assertEquals((await ask(app, "PUT", `/mine/uploads/${upload}/${fileName}`, bytes)).status, 200);
    const { generation } = await ask(app, "POST", `/mine/uploads/${upload}/publish`, {});
    assertEquals(generation.number, 2);
  });
});

Deno.test("an upload in chunks, without its length, is checked like any other", async () => {
  await withHouse(async ({ app, repo }) => {
    await repo("create", "mine");
    const { upload } = await ask(app, "POST", "/mine/uploads");
    const send = async (name: string, bytes: Uint8Array) => {
      const response = await fetch(`${app.origin}${API}/mine/uploads/${upload}/${name}`, {
        ...{ method: "PUT", headers: AUTHORIZATION },
        body: ReadableStream.from([bytes.slice(0, 100), bytes.slice(100)]),
      });
      return { status: response.status, text: await response.text() };
    };
    const { fileName, bytes } = await ownPackage("foo");
    const cut = await send(fileName, bytes.subarray(0, bytes.length - 30));
    assertEquals(cut.status, 400, cut.text);
    assertEquals((await ask(app, "POST", `/mine/uploads/${upload}/publish`, {})).status, 400);
    assertEquals((await send(fileName, bytes)).status, 200);
    const { generation } = await ask(app, "POST", `/mine/uploads/${upload}/publish`, {});
    assertEquals(generation.number, 2);
  });
});

Deno.test("a token revoked in the middle of an upload publishes nothing", async () => {
  await withHouse(async ({ app, repo }) => {
    await repo("create", "mine");
    const administer = (method: string, target: string, body: unknown = null) =>
      fetch(`${app.origin}/api/v1/tokens${target}`, {
        ...{ method, headers: AUTHORIZATION },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
    const limits = { purpose: "upload", repositories: ["mine"] };
    const { token } = await (await administer("POST", "", { ...limits, name: "ci" })).json();
    const asked = async (method: string, target: string, body: Uint8Array | string | null) => {
      const response = await fetch(`${app.origin}${API}/mine/uploads${target}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        body: body as Uint8Array<ArrayBuffer> | string | null,
      });
      return { status: response.status, text: await response.text() };
    };
    const { upload } = JSON.parse((await asked("POST", "", null)).text);
    const { fileName, bytes } = await ownPackage("foo");
    assertEquals((await asked("PUT", `/${upload}/${fileName}`, bytes)).status, 200);
    assertEquals((await administer("DELETE", "/ci")).status, 204);
    assertEquals((await asked("PUT", `/${upload}/${fileName}`, bytes)).status, 401);
    assertEquals((await asked("POST", `/${upload}/publish`, "{}")).status, 401);
    assertEquals((await ask(app, "GET", "/mine")).packages, []);
  });
});

Deno.test("a signature by an untrusted key is refused, and omitted on request", async () => {
  await withHouse(async ({ repo, files }) => {
    await repo("create", "mine");
    const [path = ""] = await files(await ownPackage("foo"));
    await Deno.writeFile(`${path}.sig`, new Uint8Array(100));
    const refused = await repo("add", "mine", path);
    assertEquals(refused.code, 1);
    assertMatch(refused.terminal.errors, /foo-1\.0-1-x86_64\.pkg\.tar\.gz\.sig: Cannot accept/);
    assertEquals((await repo("add", "mine", "--ignore-signatures", path)).code, 0);
  });
});

Deno.test("repositories survive a restart, and the configuration's table wins over its creation", async () => {
  await using cache = await TempFolder.create();
  const options = { cacheRoot: cache.join("cache"), stateRoot: cache.join("state") };
  await withHouse(async ({ repo, files }) => {
    await repo("create", "mine");
    await repo("add", "mine", ...await files(await ownPackage("foo")));
  }, options);
  await withHouse(async ({ app }) => {
    assertEquals(await listed((await app.get(`${DIRECTORY}/mine.db`)).body), ["foo 1.0-1"]);
  }, options);
  await withHouse(async ({ app }) => {
    assertEquals((await app.get(`${DIRECTORY}/mine.db`)).status, 404);
    assertEquals(await listed((await app.get("/own/mine/mine.db")).body), ["foo 1.0-1"]);
  }, {
    ...options,
    tables: () => `mirrored_repos = ["core"]\n[repositories.mine]\nclient_path = "own/$repo"\n`,
  });
});

Deno.test("without own repositories, no directory is created for them", async () => {
  await withHouse(async ({ app, repo }) => {
    assertEquals((await repo("list")).code, 0);
    assertEquals((await repo("show", "mine")).code, 1);
    const directory = join(app.app.config.stateRoot, "repositories");
    assertEquals(await Deno.stat(directory).catch(() => null), null);
  });
});
