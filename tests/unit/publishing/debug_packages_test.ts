import { assert, assertEquals, assertRejects } from "@std/assert";
import { isDebugPackage } from "../../../src/formats/pacman/package_info.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import { runCommand } from "../../support/child_process.ts";
import { FailingDisk } from "../../support/failing_disk.ts";
import { ownPackage } from "../../support/own_package.ts";
import {
  addPackages,
  NO_CONSENT,
  openPublishing,
  packagesOf,
} from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const debugOf = (name: string, version?: string, content?: string) =>
  ownPackage(`${name}-debug`, version, {
    base: name,
    xdata: ["pkgtype=debug"],
    ...(content === undefined ? {} : { content }),
  });

/** Runs with the repositories "mine" and, unless told otherwise, "mine-debug". */
async function withRepositories(
  run: (publishing: Publishing, root: string) => Promise<void>,
  { hasDebug = true } = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root);
  await publishing.create("mine", {}, "tests");
  if (hasDebug) await publishing.create("mine-debug", {}, "tests");
  try {
    await run(publishing, root);
  } finally {
    await publishing.stop();
  }
}

async function sets(publishing: Publishing): Promise<string[][]> {
  return await Promise.all(
    ["mine", "mine-debug"].map((name) => packagesOf(publishing.repository(name))),
  );
}

Deno.test("debug packages go to NAME-debug, with their packages or alone", async () => {
  await withRepositories(async (publishing) => {
    const mine = publishing.repository("mine");
    const result = await addPackages(publishing, mine, [
      await ownPackage("foo"),
      await debugOf("foo"),
    ]);
    assertEquals(await sets(publishing), [["foo 1.0-1"], ["foo-debug 1.0-1"]]);
    assertEquals(result.generation!.number, 2);
    assertEquals([result.debug!.repository, result.debug!.generation!.number], ["mine-debug", 2]);
    const alone = await addPackages(publishing, mine, [await debugOf("bar")]);
    assertEquals([alone.generation, alone.debug!.generation!.number], [null, 3]);
    assertEquals((await publishing.verify("mine-debug")).faults, []);
  });
});

Deno.test("a debug package is like any other if there is no NAME-debug, and in NAME-debug itself", async () => {
  await withRepositories(async (publishing) => {
    const packages = [await ownPackage("foo"), await debugOf("foo")];
    await addPackages(publishing, publishing.repository("mine"), packages);
    assertEquals(await packagesOf(publishing.repository("mine")), [
      "foo 1.0-1",
      "foo-debug 1.0-1",
    ]);
  }, { hasDebug: false });
  await withRepositories(async (publishing) => {
    const debug = publishing.repository("mine-debug");
    await addPackages(publishing, debug, [await debugOf("foo")]);
    assertEquals(await sets(publishing), [[], ["foo-debug 1.0-1"]]);
  });
});

Deno.test("a package that either repository refuses keeps all others out of both", async () => {
  await withRepositories(async (publishing) => {
    const mine = publishing.repository("mine");
    const { uploads } = publishing;
    const present = [await ownPackage("foo", "2.0-1"), await debugOf("foo", "2.0-1")];
    await addPackages(publishing, mine, present);
    const refused = [
      [await ownPackage("foo", "1.0-1"), await debugOf("bar")],
      [await ownPackage("bar"), await debugOf("foo", "1.0-1")],
    ];
    for (const packages of refused) {
      const id = await uploads.open(mine);
      for (const { fileName, bytes } of packages) {
        await uploads.put(mine, id, { fileName, body: new Response(bytes).body! });
      }
      const by = "tests";
      await assertRejects(() => uploads.publish(mine, id, { consent: NO_CONSENT, by }));
      assertEquals(await sets(publishing), [["foo 2.0-1"], ["foo-debug 2.0-1"]]);
      const consent = { ...NO_CONSENT, downgrade: true };
      const { generation } = await uploads.publish(mine, id, { consent, by });
      assert(generation !== null, "the upload stayed open");
      await mine.rollback(2, by);
      await publishing.repository("mine-debug").rollback(2, by);
    }
  });
});

Deno.test("whenever the disk fails, no package is published without its debug package", async () => {
  await using folder = await TempFolder.create();
  const prepared = folder.join("prepared");
  const first = await openPublishing(prepared);
  await first.create("mine", {}, "tests");
  await first.create("mine-debug", {}, "tests");
  await first.stop();
  const packages = [await ownPackage("foo"), await debugOf("foo")];
  const seen = new Set<string>();
  for (let failing = 0;; failing++) {
    const root = folder.join(`${failing}`);
    await runCommand(["cp", "-a", prepared, root]);
    const publishing = await openPublishing(root);
    let count: number;
    {
      using disk = new FailingDisk(root, { failing, forEver: true });
      await addPackages(publishing, publishing.repository("mine"), packages).catch(() => {});
      count = disk.count;
    }
    await publishing.stop();
    const next = await openPublishing(root);
    const [main = [], debug = []] = await sets(next);
    assert(main.length <= debug.length, `operation ${failing}: without its debug package`);
    seen.add(`${main.length} ${debug.length}`);
    await addPackages(next, next.repository("mine"), packages);
    assertEquals(await sets(next), [["foo 1.0-1"], ["foo-debug 1.0-1"]]);
    await next.stop();
    await Deno.remove(root, { recursive: true });
    if (count <= failing) break;
  }
  assertEquals([...seen].sort(), ["0 0", "0 1", "1 1"]);
});

/** Runs with "testing", "mine" and their repositories for debug packages; "foo" is split in two. */
async function withStages(
  run: (house: {
    publishing: Publishing;
    root: string;
    promote: (names: string[], isMove?: boolean) => ReturnType<Publishing["promote"]>;
    stages: () => Promise<string[][]>;
  }) => Promise<void>,
  names: readonly string[] = ["testing", "testing-debug", "mine", "mine-debug"],
): Promise<void> {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root);
  try {
    for (const name of names) await publishing.create(name, {}, "tests");
    await addPackages(publishing, publishing.repository("testing"), [
      await ownPackage("foo"),
      await ownPackage("foo-libs", "1.0-1", { base: "foo" }),
      await debugOf("foo"),
      await ownPackage("bar"),
    ]);
    await run({
      publishing,
      root,
      promote: (names, isMove = false) =>
        publishing.promote({
          ...{ from: "testing", to: "mine", names, by: "tests", consent: NO_CONSENT },
          move: isMove ? { force: false } : null,
        }),
      stages: () => Promise.all(names.map((name) => packagesOf(publishing.repository(name)))),
    });
  } finally {
    await publishing.stop();
  }
}

Deno.test("promoted packages take their debug packages along", async () => {
  await withStages(async ({ publishing, promote, stages }) => {
    const before = await stages();
    assertEquals((await promote(["bar"])).debug, undefined, "it has none");
    const { generation, debug } = await promote(["foo-libs"]);
    assertEquals(generation!.changes.length, 1);
    assertEquals([debug!.repository, debug!.generation!.number], ["mine-debug", 2]);
    assertEquals(await stages(), [
      before[0],
      before[1],
      ["bar 1.0-1", "foo-libs 1.0-1"],
      ["foo-debug 1.0-1"],
    ]);
    assertEquals((await publishing.verify("mine-debug")).faults, []);
  });
});

Deno.test("moved and removed packages leave no orphaned debug packages", async () => {
  await withStages(async ({ publishing, promote, stages }) => {
    await promote(["foo"], true);
    assertEquals(await stages(), [
      ["bar 1.0-1", "foo-libs 1.0-1"],
      ["foo-debug 1.0-1"],
      ["foo 1.0-1"],
      ["foo-debug 1.0-1"],
    ], "foo-libs was built with it, and stays");
    await promote(["foo-libs"], true);
    assertEquals((await stages()).slice(0, 2), [["bar 1.0-1"], []]);
    const one = { force: false, by: "tests" };
    assertEquals((await publishing.remove("mine", { ...one, names: ["foo"] })).debug, undefined);
    const { debug } = await publishing.remove("mine", { ...one, names: ["foo-libs"] });
    assertEquals(debug!.generation!.changes.map(({ kind }) => kind), ["removed"]);
    assertEquals(await stages(), [["bar 1.0-1"], [], [], []]);
  });
});

Deno.test("debug packages stay behind, with a warning, if the target has no repository for them", async () => {
  await withStages(async ({ promote, stages }) => {
    const { warnings } = await promote(["foo", "foo-libs"], true);
    assertEquals(warnings, ["foo-debug stays in testing-debug: there is no mine-debug"]);
    assertEquals(await stages(), [
      ["bar 1.0-1"],
      ["foo-debug 1.0-1"],
      ["foo 1.0-1", "foo-libs 1.0-1"],
    ]);
  }, ["testing", "testing-debug", "mine"]);
});

Deno.test("a debug package promoted by name goes to the target's debug repository", async () => {
  await withStages(async ({ promote, stages }) => {
    await promote(["foo", "foo-debug"]);
    assertEquals((await stages()).slice(1), [["foo 1.0-1"], ["foo-debug 1.0-1"]]);
    await promote(["foo-debug"]);
  }, ["testing", "mine", "mine-debug"]);
});

Deno.test("a refused debug package keeps its package out of the target", async () => {
  await withStages(async ({ publishing, promote, stages }) => {
    await addPackages(publishing, publishing.repository("mine"), [await debugOf("foo", "2.0-1")]);
    const before = await stages();
    await assertRejects(() => promote(["foo"], true), Error, "older than 2.0-1");
    assertEquals(await stages(), before);
  });
});

Deno.test("whenever the disk fails, no promoted or removed package lacks its debug package", async (t) => {
  await using folder = await TempFolder.create();
  const works: [string, (publishing: Publishing) => Promise<unknown>][] = [
    ["promote", (publishing) =>
      publishing.promote({
        ...{ from: "testing", to: "mine", names: ["foo", "foo-libs"], by: "tests" },
        ...{ consent: NO_CONSENT, move: { force: false } },
      })],
    [
      "remove",
      (publishing) =>
        publishing.remove("testing", { names: ["foo", "foo-libs"], force: false, by: "tests" }),
    ],
  ];
  await withStages(async ({ publishing, root: prepared }) => {
    await publishing.stop();
    for (const [what, work] of works) {
      await t.step(what, async () => {
        for (let failing = 0;; failing++) {
          const root = folder.join(`${what}-${failing}`);
          await runCommand(["cp", "-a", prepared, root]);
          const failed = await openPublishing(root);
          let count: number;
          {
            using disk = new FailingDisk(root, { failing, forEver: true });
            await work(failed).catch(() => {});
            count = disk.count;
          }
          await failed.stop();
          const next = await openPublishing(root);
          for (const name of ["testing", "mine"]) {
            const has = (await packagesOf(next.repository(name))).includes("foo 1.0-1");
            const debug = await packagesOf(next.repository(`${name}-debug`));
            assert(!has || debug.length > 0, `operation ${failing}: without its debug package`);
          }
          await next.stop();
          await Deno.remove(root, { recursive: true });
          if (count <= failing) break;
        }
      });
    }
  });
});

Deno.test("a debug package is recognized by its name and makepkg's metadata", () => {
  const info = (name: string, base: string, ...xdata: string[]) =>
    isDebugPackage({ name, base, xdata });
  assert(info("foo-debug", "foo", "pkgtype=debug"));
  assert(info("foo-debug", "foo"), "before pacman 6.1");
  assert(!info("gcc-debug", "gcc", "pkgtype=pkg"), "somebody's own package of that name");
  assert(!info("bar-debug", "foo"));
  assert(!info("bash", "bash", "pkgtype=debug"), "nobody's shell goes there by what it says");
});
