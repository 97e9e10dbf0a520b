import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PkgstashError } from "../../../../src/errors.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { KeptSnapshots } from "../../../../src/mirroring/databases/kept_snapshots.ts";
import type { Repository } from "../../../../src/repositories/repository.ts";
import { type Snapshot, SNAPSHOT_DEFAULTS } from "../../../../src/repositories/snapshot.ts";
import { SnapshotStore } from "../../../../src/repositories/snapshot_store.ts";
import { parseView } from "../../../../src/repositories/view.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const CORE: Repository = {
  ...{ upstream: "arch", name: "core", architecture: "x86_64", directory: "core/os/x86_64" },
};

/** A mirrored repository whose databases are published at times that the test says. */
class Mirrored {
  now = 0;
  days = 3;
  readonly layout: CacheLayout;
  store!: SnapshotStore;
  kept!: KeptSnapshots;

  constructor(root: string) {
    this.layout = new CacheLayout(root);
    this.restart();
  }

  restart(): void {
    this.store = new SnapshotStore(
      this.layout,
      undefined,
      (repository, before, after) => this.kept.keep(repository, before, after),
    );
    this.kept = new KeptSnapshots({
      layout: this.layout,
      snapshots: this.store,
      daysOf: () => this.days,
      now: () => this.now,
    });
  }

  /** Publishes a database that lists version `version` of foo, signed, at a time. */
  async publish(time: string, version: number): Promise<void> {
    this.now = Date.parse(time);
    await this.store.current(CORE);
    const generation = `${this.now}-${version}`;
    const bytes = await syncDbBytes([{
      ...{ name: "foo", version: `${version}-1`, fileName: `foo-${version}-1-any.pkg.tar.zst` },
      ...{ size: 1, sha256: "0".repeat(64) },
    }]);
    await Deno.mkdir(this.layout.snapshotsOf(CORE), { recursive: true });
    const write = (name: string, content: Uint8Array) =>
      Deno.writeFile(join(this.layout.snapshotsOf(CORE), name), content);
    await write(`${generation}.db`, bytes);
    await write(`${generation}.db.sig`, new TextEncoder().encode(`signature of ${version}`));
    const snapshot: Snapshot = {
      ...SNAPSHOT_DEFAULTS,
      ...{ generation, mirror: "mirror.example.org", publishedAt: this.now },
      ...{ sha256: sha256Of(bytes), newestBuildDate: null, rollback: null },
      ...{ mirrorSet: null, filesAskedAt: 0 },
      members: {
        "db": { blob: `${generation}.db`, lastModified: null },
        "db.sig": { blob: `${generation}.db.sig`, lastModified: null },
      },
    };
    await this.store.publish(CORE, snapshot);
  }

  /** The version whose signature a view has; "today" if that is what is served. */
  async shown(view: string): Promise<string> {
    const path = await this.kept.find(CORE, parseView(view)!, "db.sig");
    return path === null ? "today" : (await Deno.readTextFile(path)).replace(/.* /, "");
  }

  async refusal(view: string): Promise<string> {
    return (await assertRejects(() => this.shown(view), PkgstashError)).message;
  }
}

async function withMirrored(run: (mirrored: Mirrored) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  await run(new Mirrored(folder.join("cache")));
}

Deno.test("a view has the database that was served at the end of its day, with its signature", async () => {
  await withMirrored(async (core) => {
    await core.publish("2026-11-18T12:00:00Z", 1);
    await core.publish("2026-11-20T08:00:00Z", 2);
    await core.publish("2026-11-20T20:00:00Z", 3);
    await core.publish("2026-11-21T00:00:00Z", 4);
    for (const again of [false, true]) {
      if (again) core.restart();
      assertEquals(await core.shown("2026-11-18"), "1");
      assertEquals(await core.shown("2026-11-19"), "1", "nothing was published on that day");
      assertEquals(await core.shown("2026-11-20"), "3");
      assertEquals(await core.shown("2026-11-21"), "today");
      assertEquals(await core.shown("2026-11-20T23:59Z"), "3");
      assertEquals(await core.shown("2026-11-20T07:00Z"), "1");
    }
    core.now = Date.parse("2026-11-23T00:00:00Z");
    assertEquals(await core.shown("2026-11-22"), "4", "what is served was served then as well");
  });
});

Deno.test("a view of a day that is over stays as it is, whatever is published", async () => {
  await withMirrored(async (core) => {
    await core.publish("2026-11-19T12:00:00Z", 1);
    await core.publish("2026-11-20T12:00:00Z", 2);
    core.now = Date.parse("2026-11-21T00:00:00Z");
    assertEquals(await core.shown("2026-11-20"), "2");
    await core.publish("2026-11-21T00:00:01Z", 3);
    // The clock goes back over midnight and forth again.
    await core.publish("2026-11-20T23:50:00Z", 4);
    await core.publish("2026-11-21T12:00:00Z", 5);
    assertEquals(await core.shown("2026-11-20"), "2");
    await core.store.prune(CORE, () => false);
    core.restart();
    assertEquals(await core.shown("2026-11-20"), "2");
  });
});

Deno.test("a view that is not kept, in the future, or of a repository without kept days is refused with the reason", async () => {
  await withMirrored(async (core) => {
    await core.publish("2026-11-10T12:00:00Z", 1);
    await core.publish("2026-11-11T12:00:00Z", 2);
    assertEquals(await core.shown("2026-11-10"), "1");
    assertMatch(await core.refusal("2026-11-09"), /nothing is kept from that time/);
    assertMatch(await core.refusal("2026-11-12"), /is in the future/);
    assertEquals(await core.shown("2026-11-11T08:30Z"), "1");
    assertMatch(await core.refusal("7"), /numbered generations/);
    core.days = 0;
    assertMatch(await core.refusal("2026-11-10"), /keep_snapshots/);
    // Nobody knows of what was published meanwhile.
    await core.publish("2026-11-13T12:00:00Z", 3);
    core.days = 3;
    await core.publish("2026-11-14T12:00:00Z", 4);
    assertMatch(await core.refusal("2026-11-12"), /nothing is kept from that time/);
    assertEquals(await core.shown("2026-11-13"), "3");
  });
});

Deno.test("databases are removed completely after keep_snapshots days", async () => {
  await withMirrored(async (core) => {
    for (const [index, day] of ["10", "11", "12", "13", "14", "15"].entries()) {
      await core.publish(`2026-11-${day}T12:00:00Z`, index + 1);
    }
    assertMatch(await core.refusal("2026-11-10"), /nothing is kept/);
    assertEquals(await core.shown("2026-11-12"), "3");
    const names = Array.from(Deno.readDirSync(core.layout.keptOf(CORE)), ({ name }) => name);
    assertEquals(names.length, 4 * 3, names.join());
    assertEquals(
      [...await core.kept.fileNames(CORE)].sort(),
      [2, 3, 4, 5].map((version) => `foo-${version}-1-any.pkg.tar.zst`),
    );
  });
});
