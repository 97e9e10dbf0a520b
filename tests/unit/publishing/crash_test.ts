import { join } from "@std/path";
import { assert, assertEquals } from "@std/assert";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import { runCommand } from "../../support/child_process.ts";
import { FailingDisk } from "../../support/failing_disk.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, NO_CONSENT, openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const BEFORE = ["bar 1.0-1", "foo 1.0-1"];
const AFTER = ["bar 1.0-1", "baz 1.0-1", "foo 2.0-1"];

/** A state directory with the packages of BEFORE. */
async function prepare(root: string): Promise<void> {
  const publishing = await openPublishing(root);
  const mine = await publishing.create("mine", {}, "tests");
  await addPackages(publishing, mine, [await ownPackage("foo"), await ownPackage("bar")]);
  await publishing.stop();
}

/** Publishes what turns BEFORE into AFTER. */
async function upgrade(publishing: Publishing): Promise<void> {
  const mine = publishing.repository("mine");
  const packages = [await ownPackage("foo", "2.0-1"), await ownPackage("baz")];
  await addPackages(publishing, mine, packages);
}

/** What is served, after a check that all of it belongs together. */
async function wholeSet(publishing: Publishing, mine: OwnRepository): Promise<string[]> {
  const generation = await mine.current();
  assert(generation !== null, "nothing is served");
  const sets: string[][] = [];
  for (const name of ["x86_64.db", "x86_64.files"]) {
    const path = mine.pathIn(generation, name);
    await publishing.signing.verify(path, await Deno.readFile(`${path}.sig`));
    using file = await Deno.open(path);
    const { packages } = await readSyncDb(file.readable);
    sets.push(packages!.map((each) => `${each.name} ${each.version}`));
    for (const { fileName, sha256 } of packages!) {
      const published = await mine.find(fileName);
      assertEquals(published?.sha256, sha256);
      const signature = await Deno.readFile(mine.packages.signatureOf(published!));
      await publishing.signing.verify(mine.packages.pathOf(published!), signature);
    }
  }
  assertEquals(sets[0], sets[1]);
  return sets[0]!;
}

/** A backup made at this moment would have only what is in place. */
async function assertEachSigned(packages: string, message: string): Promise<void> {
  for await (const { name } of Deno.readDir(packages)) {
    const files = await Array.fromAsync(Deno.readDir(join(packages, name)));
    const signatures = files.filter((file) => file.name.endsWith(".sig"));
    assertEquals(signatures.length, 1, `${message}: ${name} is in place without its signature`);
  }
}

Deno.test("whenever the disk fails, the previous generation stays complete, and the next call succeeds", async () => {
  await using folder = await TempFolder.create();
  const prepared = folder.join("prepared");
  await prepare(prepared);
  for (const forEver of [false, true]) {
    const seen = new Set<string>();
    for (let failing = 0;; failing++) {
      const root = folder.join(`${forEver}-${failing}`);
      await runCommand(["cp", "-a", prepared, root]);
      const publishing = await openPublishing(root);
      await publishing.repository("mine").history();
      let count: number;
      let isPublished = true;
      {
        using disk = new FailingDisk(root, { failing, forEver });
        await upgrade(publishing).catch(() => isPublished = false);
        count = disk.count;
      }
      // After a crash the next run finds what this one left.
      await publishing.stop();
      await assertEachSigned(
        join(root, "repositories", "mine", "packages"),
        `operation ${failing}`,
      );
      const next = await openPublishing(root);
      const mine = next.repository("mine");
      const found = await wholeSet(next, mine);
      const isAfter = found.length === AFTER.length;
      assertEquals(found, isAfter ? AFTER : BEFORE, `operation ${failing}`);
      if (isPublished) assert(isAfter, `operation ${failing} lost a published set`);
      seen.add(String(found));
      await upgrade(next);
      assertEquals(await wholeSet(next, mine), AFTER, `operation ${failing}`);
      await next.stop();
      await Deno.remove(root, { recursive: true });
      if (count <= failing) break;
    }
    assertEquals(seen.size, 2, "both sets were seen");
  }
});

Deno.test("whenever the disk fails during a move, the package is in at least one of the repositories", async () => {
  await using folder = await TempFolder.create();
  const prepared = folder.join("prepared");
  const publishing = await openPublishing(prepared);
  const testing = await publishing.create("testing", {}, "tests");
  await publishing.create("mine", {}, "tests");
  await addPackages(publishing, testing, [await ownPackage("foo")]);
  await publishing.stop();
  const seen = new Set<string>();
  for (const forEver of [false, true]) {
    for (let failing = 0;; failing++) {
      const root = folder.join(`${forEver}-${failing}`);
      await runCommand(["cp", "-a", prepared, root]);
      const moving = await openPublishing(root);
      let count: number;
      {
        using disk = new FailingDisk(root, { failing, forEver });
        await moving.promote({
          ...{ from: "testing", to: "mine", names: ["foo"], by: "tests" },
          consent: NO_CONSENT,
          move: { force: false },
        }).catch(() => {});
        count = disk.count;
      }
      await moving.stop();
      const next = await openPublishing(root);
      const sets = await Promise.all(
        ["testing", "mine"].map((name) => wholeSet(next, next.repository(name))),
      );
      assert(sets.flat().length > 0, `operation ${failing}: it is in neither`);
      seen.add(JSON.stringify(sets));
      await next.stop();
      await Deno.remove(root, { recursive: true });
      if (count <= failing) break;
    }
  }
  assertEquals([...seen].sort(), [
    '[["foo 1.0-1"],["foo 1.0-1"]]',
    '[["foo 1.0-1"],[]]',
    '[[],["foo 1.0-1"]]',
  ], "before, between and after");
});

Deno.test("the daemon continues to publish after a failure of the disk, without a restart", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  await prepare(root);
  const publishing = await openPublishing(root);
  const mine = publishing.repository("mine");
  await mine.history();
  for (let failing = 0; failing < 40; failing += 3) {
    {
      using _ = new FailingDisk(root, { failing, forEver: false });
      await upgrade(publishing).catch(() => {});
    }
    const found = await wholeSet(publishing, mine);
    assertEquals(found, found.length === AFTER.length ? AFTER : BEFORE);
  }
  await upgrade(publishing);
  assertEquals(await wholeSet(publishing, mine), AFTER);
  await publishing.stop();
});

Deno.test("a copy of the state made at any moment, without staging, is a valid backup", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  await prepare(root);
  const publishing = await openPublishing(root);
  const mine = publishing.repository("mine");
  let isDone = false;
  const publications = (async () => {
    for (let version = 2; version < 22; version++) {
      await addPackages(publishing, mine, [await ownPackage("foo", `${version}.0-1`)]);
    }
    isDone = true;
  })();
  const copies: string[] = [];
  while (!isDone) {
    const copy = folder.join(`copy-${copies.length}`);
    await runCommand([
      "sh",
      "-c",
      `mkdir ${copy} && tar -C ${root} --exclude staging -c . | tar -C ${copy} -x`,
    ]);
    copies.push(copy);
  }
  await publications;
  await publishing.stop();
  assert(copies.length > 1);
  for (const copy of copies) {
    const restored = await openPublishing(copy);
    const found = await wholeSet(restored, restored.repository("mine"));
    assertEquals(found.map((each) => each.split(" ")[0]), ["bar", "foo"]);
    await restored.stop();
  }
});

Deno.test("a damaged generation gives way to the previous one", async () => {
  await using folder = await TempFolder.create();
  for (const victim of ["x86_64.db", "packages.json", "generation.json", "x86_64.files.sig"]) {
    const root = folder.join(victim);
    await prepare(root);
    const first = await openPublishing(root);
    await upgrade(first);
    const mine = first.repository("mine");
    await Deno.truncate(mine.pathIn((await mine.current())!, victim), 10);
    await first.stop();
    const publishing = await openPublishing(root);
    assertEquals(await wholeSet(publishing, publishing.repository("mine")), BEFORE, victim);
    // The number of the damaged one is not reused.
    await upgrade(publishing);
    assertEquals((await publishing.repository("mine").current())!.number, 4);
    await publishing.stop();
  }
});
