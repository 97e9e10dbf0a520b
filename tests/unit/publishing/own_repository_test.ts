import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { OwnRepositoryConfig } from "../../../src/config/own_repositories.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import { ownPackage } from "../../support/own_package.ts";
import {
  addPackages,
  type HouseOptions,
  NO_CONSENT,
  openPublishing,
  packagesOf,
} from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** Runs with an empty repository "mine" in a new state directory. */
async function withRepository(
  run: (house: { publishing: Publishing; mine: OwnRepository; root: string }) => Promise<void>,
  { table = {}, ...options }: HouseOptions & { table?: Record<string, unknown> } = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root, options);
  try {
    await run({ publishing, mine: await publishing.create("mine", table, "tests"), root });
  } finally {
    await publishing.stop();
  }
}

/** What a database on disk lists, as `name version`. */
async function listed(repository: OwnRepository, member = "x86_64.db"): Promise<string[]> {
  const generation = await repository.current();
  using file = await Deno.open(repository.pathIn(generation!, member));
  return ((await readSyncDb(file.readable)).packages ?? [])
    .map(({ name, version }) => `${name} ${version}`);
}

Deno.test("packages of one call are published together, with databases and signatures", async () => {
  await withRepository(async ({ publishing, mine }) => {
    const packages = [await ownPackage("foo"), await ownPackage("bar", "2:1.0-3")];
    const { generation } = await addPackages(publishing, mine, packages);
    assertEquals(generation!.number, 2);
    assertEquals(
      generation!.changes.map(({ kind, to }) => `${kind} ${to?.name}`),
      ["added bar", "added foo"],
    );
    assertEquals(await listed(mine), ["bar 2:1.0-3", "foo 1.0-1"]);
    assertEquals(await listed(mine, "x86_64.files"), ["bar 2:1.0-3", "foo 1.0-1"]);
    for (const name of ["x86_64.db", "x86_64.files"]) {
      const path = mine.pathIn(generation!, name);
      await publishing.signing.verify(path, await Deno.readFile(`${path}.sig`));
    }
    for (const each of await mine.published()) {
      const signature = await Deno.readFile(mine.packages.signatureOf(each));
      await publishing.signing.verify(mine.packages.pathOf(each), signature);
    }
  });
});

Deno.test("one refused package keeps out all packages of the same call", async (t) => {
  await withRepository(async ({ publishing, mine }) => {
    await addPackages(publishing, mine, [
      await ownPackage("foo", "2.0-1"),
      await ownPackage("bar", "1.0-1"),
    ]);
    const before = await mine.current();
    const refused: [string, Awaited<ReturnType<typeof ownPackage>>, RegExp][] = [
      ["an older version", await ownPackage("foo", "1.9-1"), /older than 2\.0-1 \(--downgrade/],
      [
        "other bytes",
        await ownPackage("foo", "2.0-1", { content: "other" }),
        /differs from the published file .*--replace/,
      ],
      [
        "an architecture that the repository does not have",
        await ownPackage("baz", "1.0-1", { architecture: "aarch64" }),
        /is for aarch64, but the repository is for x86_64/,
      ],
      [
        "a mirrored name",
        await ownPackage("glibc"),
        /glibc is also in core.* \(--shadow allows it\)/,
      ],
    ];
    for (const [what, bad, reason] of refused) {
      await t.step(what, async () => {
        const good = await ownPackage("good");
        const error = await assertRejects(
          () => addPackages(publishing, mine, [good, bad]),
          PkgstashError,
        );
        assertEquals(error.kind, "conflict");
        assert(reason.test(error.message), error.message);
        assertEquals(await mine.current(), before);
        assertEquals(await listed(mine), ["bar 1.0-1", "foo 2.0-1"]);
      });
    }
  }, { namesakes: { glibc: { directory: "core/os/x86_64", version: "2.40-1" } } });
});

Deno.test("packages that would be refused are published with consent", async () => {
  await withRepository(async ({ publishing, mine }) => {
    await addPackages(publishing, mine, [await ownPackage("foo", "2.0-1")]);
    const older = await ownPackage("foo", "1.0-1");
    const { generation } = await addPackages(publishing, mine, [older], { downgrade: true });
    assertEquals(generation!.changes[0]!.kind, "downgraded");
    const other = await ownPackage("foo", "1.0-1", { content: "other" });
    const replaced = await addPackages(publishing, mine, [other], { replace: true });
    assertEquals(replaced.generation!.changes[0]!.kind, "replaced");
    const shadowing = [await ownPackage("glibc")];
    const { warnings } = await addPackages(publishing, mine, shadowing, { shadow: true });
    assertEquals(warnings.length, 1);
  }, { namesakes: { glibc: { directory: "core/os/x86_64", version: "2.40-1" } } });
});

Deno.test("a refused upload may be published with more consent, without sending it again", async () => {
  await withRepository(async ({ publishing: { uploads }, publishing, mine }) => {
    await addPackages(publishing, mine, [await ownPackage("foo", "2.0-1")]);
    const { fileName, bytes } = await ownPackage("foo", "1.0-1");
    const id = await uploads.open(mine);
    await uploads.put(mine, id, { fileName, body: new Response(bytes).body! });
    const by = "tests";
    await assertRejects(() => uploads.publish(mine, id, { consent: NO_CONSENT, by }));
    const consent = { ...NO_CONSENT, downgrade: true };
    assertEquals((await uploads.publish(mine, id, { consent, by })).generation!.number, 3);
  });
});

Deno.test("adding the same package again changes nothing", async () => {
  await withRepository(async ({ publishing, mine }) => {
    const foo = await ownPackage("foo");
    await addPackages(publishing, mine, [foo]);
    assertEquals((await addPackages(publishing, mine, [foo])).generation, null);
    assertEquals((await mine.history()).length, 2);
  });
});

Deno.test("one of two simultaneous uploads of the same version with different bytes is refused", async () => {
  await withRepository(async ({ publishing, mine }) => {
    const rivals = [
      await ownPackage("foo", "1.0-1", { content: "one" }),
      await ownPackage("foo", "1.0-1", { content: "other" }),
    ];
    const outcomes = await Promise.allSettled(
      rivals.map((rival) => addPackages(publishing, mine, [rival])),
    );
    assertEquals(outcomes.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assertEquals((await mine.history()).length, 2);
  });
});

Deno.test("a package for any architecture is in every database, others only in their own", async () => {
  await withRepository(async ({ publishing, mine }) => {
    await addPackages(publishing, mine, [
      await ownPackage("everywhere", "1.0-1", { architecture: "any" }),
      await ownPackage("here"),
      await ownPackage("there", "1.0-1", { architecture: "aarch64" }),
    ]);
    assertEquals(await listed(mine, "x86_64.db"), ["everywhere 1.0-1", "here 1.0-1"]);
    assertEquals(await listed(mine, "aarch64.db"), ["everywhere 1.0-1", "there 1.0-1"]);
  }, { table: { architectures: ["x86_64", "aarch64"] } });
});

Deno.test("a rollback publishes the packages of an earlier generation again", async () => {
  await withRepository(async ({ publishing, mine, root }) => {
    await addPackages(publishing, mine, [await ownPackage("foo", "1.0-1")]);
    await addPackages(publishing, mine, [
      await ownPackage("foo", "2.0-1"),
      await ownPackage("bar"),
    ]);
    const generation = await mine.rollback(2, "tests");
    assertEquals([generation!.number, generation!.action], [4, "rollback to 2"]);
    assertEquals(await listed(mine), ["foo 1.0-1"]);
    assertEquals(await mine.rollback(2, "tests"), null);
    const error = await assertRejects(() => mine.rollback(77, "tests"), PkgstashError);
    assertEquals(error.kind, "not_found");
    const again = await reopened(publishing, root);
    assertEquals(await packagesOf(again.repository("mine")), ["foo 1.0-1"]);
    await again.repository("mine").rollback(3, "tests");
    assertEquals(await packagesOf(again.repository("mine")), ["bar 1.0-1", "foo 2.0-1"]);
    await again.stop();
  });
});

Deno.test("generations beyond keep_generations are removed, with the packages that no other has", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root);
  const table = { keep_generations: 2, keep_versions: 0 };
  const mine = await publishing.create("mine", table, "tests");
  for (const version of ["1.0-1", "2.0-1", "3.0-1", "4.0-1"]) {
    await addPackages(publishing, mine, [await ownPackage("foo", version)]);
  }
  const stored = () => [...Deno.readDirSync(join(root, "repositories/mine/packages"))].length;
  // They were replaced a moment ago, and clients may be reading them.
  assertEquals([(await mine.history()).length, stored()], [5, 4]);
  await publishing.stop();
  const later = await openPublishing(root, { now: () => Date.now() + 11 * 60_000 });
  const history = await later.repository("mine").history();
  assertEquals([history.map(({ number }) => number), stored()], [[4, 5], 2]);
  await later.repository("mine").rollback(4, "tests");
  assertEquals(await packagesOf(later.repository("mine")), ["foo 3.0-1"]);
  await later.stop();
});

Deno.test("each generation has a later date, in whole seconds", async () => {
  await withRepository(async ({ publishing, mine }) => {
    const dates: number[] = [];
    for (const version of ["1.0-1", "2.0-1", "3.0-1"]) {
      const { generation } = await addPackages(publishing, mine, [
        await ownPackage("foo", version),
      ]);
      const { mtime } = await Deno.stat(mine.pathIn(generation!, "x86_64.db"));
      dates.push(Math.floor(mtime!.getTime() / 1000));
    }
    assertEquals(dates.toSorted(), [...new Set(dates)]);
  });
});

Deno.test("a repository without signing has no signatures", async () => {
  await withRepository(async ({ publishing, mine, root }) => {
    const { generation } = await addPackages(publishing, mine, [await ownPackage("foo")]);
    assertEquals(Object.keys(generation!.files).filter((name) => name.endsWith(".sig")), []);
    const names = [...Deno.readDirSync(root)].map(({ name }) => name);
    assertEquals(names.includes("keys"), false, "no key is made");
  }, { table: { signing: "none" } });
});

/** A repository in the configuration. */
const CONFIGURED: OwnRepositoryConfig = {
  name: "configured",
  architectures: ["x86_64"],
  clientPath: "$repo/os/$arch",
  signing: "required",
  uploadTokens: [],
  keepVersions: 3,
  keepGenerations: 20,
  keepDays: 0,
};

Deno.test("a repository that only the configuration has is served from the start", async () => {
  await using folder = await TempFolder.create();
  const options = { configured: [CONFIGURED] };
  const publishing = await openPublishing(folder.join("state"), options);
  const repository = publishing.repository("configured");
  assertEquals(await listed(repository), []);
  const database = repository.pathIn((await repository.current())!, "x86_64.db");
  await publishing.signing.verify(database, await Deno.readFile(`${database}.sig`));
  await publishing.stop();
  const again = await openPublishing(folder.join("state"), options);
  assertEquals((await again.repository("configured").history()).length, 1, "once");
  const configured = [CONFIGURED, { ...CONFIGURED, name: "reloaded" }];
  again.reconfigure({
    stateRoot: folder.join("state"),
    upstreams: [],
    ownRepositories: configured,
  });
  await again.stop();
  assertEquals(await listed(again.repository("reloaded")), []);
});

Deno.test("an architecture that the configuration adds has a database from the start", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root, { configured: [CONFIGURED] });
  await addPackages(publishing, publishing.repository("configured"), [
    await ownPackage("foo", "1.0-1", { architecture: "any" }),
  ]);
  await publishing.stop();
  const more = { ...CONFIGURED, architectures: ["x86_64", "aarch64"] };
  const later = await openPublishing(root, { configured: [more] });
  const repository = later.repository("configured");
  assertEquals(await listed(repository, "aarch64.db"), ["foo 1.0-1"]);
  assertEquals((await repository.current())!.action, "new settings");
  await later.stop();
});

Deno.test("a damaged history is reported, and not replaced by an empty repository or a new package", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root, { configured: [CONFIGURED] });
  const { number } = (await publishing.repository("configured").current())!;
  await publishing.stop();
  const generation = publishing.layout.repository("configured").generation(number);
  await Deno.truncate(join(generation, "generation.json"), 10);
  const later = await openPublishing(root, { configured: [CONFIGURED] });
  const repository = later.repository("configured");
  const error = await assertRejects(
    async () => await addPackages(later, repository, [await ownPackage("foo")]),
    PkgstashError,
  );
  assertEquals(error.kind, "storage");
  assertStringIncludes(error.message, "pkgstash repo rebuild configured");
  assertEquals(await repository.history(), []);
  await later.stop();
});

/** The same state directory as the next run of the daemon sees it. */
async function reopened(publishing: Publishing, root: string): Promise<Publishing> {
  await publishing.stop();
  return await openPublishing(root);
}
