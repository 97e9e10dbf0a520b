import { encodeHex } from "@std/encoding/hex";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CacheLayout } from "../../../src/mirroring/cache/cache_layout.ts";
import type { Repository } from "../../../src/repositories/repository.ts";
import { type Snapshot, SNAPSHOT_DEFAULTS } from "../../../src/repositories/snapshot.ts";
import { SnapshotStore } from "../../../src/repositories/snapshot_store.ts";

const CORE: Repository = {
  upstream: "arch",
  name: "core",
  architecture: "x86_64",
  directory: "core/os/x86_64",
};

/** A cache directory for one test. */
class StateFolder implements AsyncDisposable {
  readonly layout: CacheLayout;
  now = 0;

  private constructor(root: string) {
    this.layout = new CacheLayout(root);
  }

  static async create(): Promise<StateFolder> {
    const folder = new StateFolder(await Deno.makeTempDir());
    await Deno.mkdir(folder.layout.snapshotsOf(CORE), { recursive: true });
    return folder;
  }

  /** A new store, as after a restart of the daemon. */
  store(): SnapshotStore {
    return new SnapshotStore(this.layout, () => this.now);
  }

  /** Writes the files of a snapshot, without publishing it. */
  async set(generation: string): Promise<Snapshot> {
    const blob = `${generation}-core.db`;
    for (const name of [blob, `${blob}.sig`]) await this.write(name, generation);
    return {
      ...SNAPSHOT_DEFAULTS,
      generation,
      mirror: "mirror.example.org",
      publishedAt: 1,
      sha256: encodeHex(
        await crypto.subtle.digest("SHA-256", new TextEncoder().encode(generation)),
      ),
      newestBuildDate: null,
      rollback: null,
      filesAskedAt: 0,
      members: {
        "db": { blob, lastModified: null },
        "db.sig": { blob: `${blob}.sig`, lastModified: null },
      },
    };
  }

  write(name: string, content: string): Promise<void> {
    return Deno.writeTextFile(join(this.layout.snapshotsOf(CORE), name), content);
  }

  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.layout.snapshotsOf(CORE)));
    return entries.map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.layout.root, { recursive: true });
  }
}

const namesOf = (generation: string) => [`${generation}-core.db`, `${generation}-core.db.sig`];

Deno.test("files of an unpublished snapshot are removed after a crash, and never served", async () => {
  await using folder = await StateFolder.create();
  await folder.store().publish(CORE, await folder.set("1"));
  await folder.set("2");
  await folder.write("current.json.12345678.new", '{"generation": "2"');
  await folder.write("2-core.files.12345678.new", "part");
  const store = folder.store();
  assertEquals((await store.current(CORE))?.generation, "1");
  assertEquals(await folder.names(), [...namesOf("1"), "current.json"]);
});

Deno.test("a snapshot with a missing file is not served", async (t) => {
  for (const missing of namesOf("1")) {
    await t.step(missing, async () => {
      await using folder = await StateFolder.create();
      await folder.store().publish(CORE, await folder.set("1"));
      await Deno.remove(join(folder.layout.snapshotsOf(CORE), missing));
      assertEquals(await folder.store().current(CORE), null);
    });
  }
});

Deno.test("a damaged pointer is ignored, and the next snapshot replaces it", async (t) => {
  for (const content of ["", "{", "null", "[]", "{}", '{"members":{}}', "\0\0\0\0"]) {
    await t.step(JSON.stringify(content), async () => {
      await using folder = await StateFolder.create();
      await folder.write("current.json", content);
      const store = folder.store();
      assertEquals(await store.current(CORE), null);
      await store.publish(CORE, await folder.set("1"));
      assertEquals((await folder.store().current(CORE))?.generation, "1");
    });
  }
});

Deno.test("a replaced snapshot is kept for ten minutes, the current one for good", async () => {
  await using folder = await StateFolder.create();
  const store = folder.store();
  const prune = () => store.prune(CORE, () => false);
  await store.publish(CORE, await folder.set("1"));
  folder.now += 24 * 3_600_000;
  await store.publish(CORE, await folder.set("2"));
  await prune();
  assertEquals(await folder.names(), [...namesOf("1"), ...namesOf("2"), "current.json"]);
  folder.now += 599_999;
  await prune();
  assertEquals(await folder.names(), [...namesOf("1"), ...namesOf("2"), "current.json"]);
  folder.now += 1;
  await prune();
  assertEquals(await folder.names(), [...namesOf("2"), "current.json"]);
});

Deno.test("pruning keeps the files of a snapshot being made, and of the pointer", async () => {
  await using folder = await StateFolder.create();
  const store = folder.store();
  await store.publish(CORE, await folder.set("1"));
  await folder.set("2");
  await folder.set("3");
  await folder.write("current.json.12345678.new", "");
  await store.prune(CORE, (blob) => blob.startsWith("3-"));
  assertEquals(await folder.names(), [
    ...namesOf("1"),
    ...namesOf("3"),
    "current.json",
    "current.json.12345678.new",
  ]);
});

Deno.test("files that a snapshot shares with the one before are kept with it", async () => {
  await using folder = await StateFolder.create();
  const store = folder.store();
  const first = await folder.set("1");
  await store.publish(CORE, first);
  await folder.set("2");
  const { db } = first.members;
  await store.publish(CORE, {
    ...first,
    members: { db, "db.sig": { blob: "2-core.db.sig", lastModified: null } },
  });
  folder.now += 3_600_000;
  await store.prune(CORE, () => false);
  assertEquals(await folder.names(), ["1-core.db", "2-core.db.sig", "current.json"]);
});
