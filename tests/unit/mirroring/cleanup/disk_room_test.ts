import { assertEquals, assertStringIncludes } from "@std/assert";
import { DiskRoom, type DiskRoomOptions } from "../../../../src/mirroring/cleanup/disk_room.ts";
import type { CleanupReport } from "../../../../src/mirroring/cleanup/cleanup_report.ts";
import { CacheOnDisk, CORE } from "../../../support/cache_on_disk.ts";
import { LogLines } from "../../../support/log_lines.ts";

const MIB = 1024 * 1024;

/** A disk whose free space grows with what a cleanup removes, and downloads that a test sets. */
class Disk {
  /** Removable bytes. */
  removable = 0;
  readonly downloads = new Map<string, { size: number | null; released: number }>();
  /** The bytes that each cleanup was asked to make room for. */
  readonly demands: number[] = [];
  minFreeBytes = 0;
  now = 0;
  /** Whether the file system reports what is removed only later. */
  isLate = false;
  /** Awaited before each cleanup has its turn. */
  turn: Promise<void> = Promise.resolve();

  constructor(public free: number | null) {}

  room(more: Partial<DiskRoomOptions> = {}): DiskRoom {
    return new DiskRoom({
      cleanup: { makeRoom: (demand) => this.#makeRoom(demand) },
      downloads: { get: (key) => this.downloads.get(key) ?? null },
      settings: () => this,
      freeSpace: () => Promise.resolve(this.free),
      now: () => this.now,
      ...more,
    });
  }

  async #makeRoom(demand: (reachable: number) => number): Promise<CleanupReport> {
    await this.turn;
    const free = this.free ?? Infinity;
    const incoming = demand(free + this.removable);
    this.demands.push(incoming);
    const bytesFreed = Math.min(this.removable, Math.max(0, this.minFreeBytes + incoming - free));
    this.removable -= bytesFreed;
    if (this.free !== null && !this.isLate) this.free += bytesFreed;
    const unmet = free + bytesFreed < this.minFreeBytes + incoming ? "too little" : null;
    return { bytesFreed, unmet } as CleanupReport;
  }
}

Deno.test("room: nothing is removed while what is coming fits beside min_free_space", async () => {
  const disk = new Disk(20 * MIB);
  disk.minFreeBytes = 4 * MIB;
  assertEquals(await disk.room().make(15 * MIB), true);
  disk.free = null;
  assertEquals(await disk.room().make(1e12), true, "unknown free space");
  assertEquals(disk.demands, []);
});

Deno.test("room: more than min_free_space but less than the file makes room before it comes", async () => {
  const disk = new Disk(5 * MIB);
  disk.minFreeBytes = 4 * MIB;
  disk.removable = 20 * MIB;
  assertEquals(await disk.room().make(8 * MIB), true);
  assertEquals(disk.free, 4 * MIB + 8 * MIB + MIB, "the file, the minimum, and a little");
});

Deno.test("room: all files that are coming are added up, less what has arrived of them", async () => {
  const disk = new Disk(20 * MIB);
  disk.removable = 100 * MIB;
  const room = disk.room();
  disk.downloads.set("a", { size: null, released: 0 });
  disk.downloads.set("b", { size: null, released: 0 });
  assertEquals(await room.of("a").make(12 * MIB), true);
  assertEquals(await room.of("b").make(12 * MIB), true);
  assertEquals(disk.demands, [25 * MIB]);
  disk.downloads.set("a", { size: 12 * MIB, released: 10 * MIB });
  disk.downloads.delete("b");
  disk.free = 3 * MIB;
  assertEquals(await room.make(5 * MIB), true);
  assertEquals(disk.demands[1], 2 * MIB + 5 * MIB + MIB);
});

Deno.test("room: a download that announces itself again counts once", async () => {
  const disk = new Disk(0);
  disk.removable = 100 * MIB;
  disk.downloads.set("a", { size: null, released: 0 });
  const { make } = disk.room().of("a");
  await make(12 * MIB);
  disk.free = 0;
  await make(7 * MIB);
  assertEquals(disk.demands, [13 * MIB, 8 * MIB]);
});

Deno.test("room: callers who wait for the same turn share one cleanup with their sum", async () => {
  const disk = new Disk(0);
  disk.removable = 100 * MIB;
  const turn = Promise.withResolvers<void>();
  disk.turn = turn.promise;
  const room = disk.room();
  const made = Promise.all([1, 2, 3].map((count) => room.make(count * MIB)));
  // All of them have looked by then.
  for (let tick = 0; tick < 10; tick++) await Promise.resolve();
  turn.resolve();
  assertEquals(await made, [true, true, true]);
  assertEquals(disk.demands, [7 * MIB]);
});

Deno.test("room: a file that cannot fit is refused, and nothing is removed for it", async () => {
  const log = new LogLines();
  const disk = new Disk(10 * MIB);
  disk.removable = 20 * MIB;
  assertEquals(await disk.room().of("core/huge").make(30 * MIB), false);
  assertEquals([disk.removable, disk.demands], [20 * MIB, [0]]);
  assertEquals(log.matching(/not enough space for a file.*core\/huge/).length, 1);
});

Deno.test("room: when not all files fit, those that were announced first do", async () => {
  const disk = new Disk(0);
  disk.removable = 20 * MIB;
  for (const key of ["a", "b", "c"]) disk.downloads.set(key, { size: null, released: 0 });
  const room = disk.room();
  assertEquals(await room.of("a").make(12 * MIB), true);
  const made = await Promise.all([room.of("b").make(9 * MIB), room.of("c").make(5 * MIB)]);
  assertEquals(made, [false, true]);
});

Deno.test("room: a minimum out of reach refuses no file that fits, warns once, and then rests", async () => {
  const log = new LogLines();
  const disk = new Disk(10 * MIB);
  disk.minFreeBytes = 100 * MIB;
  const room = disk.room();
  assertEquals(await room.make(5 * MIB), true);
  assertEquals(await room.make(5 * MIB), true);
  await room.keep();
  assertEquals(disk.demands.length, 1);
  assertEquals(log.matching(/cannot keep min_free_space.*too little/).length, 1);
  disk.now += 3_600_000;
  await room.keep();
  assertEquals(disk.demands.length, 2);
});

Deno.test("room: where freed space is reported late, min_free_space alone removes nothing more meanwhile", async () => {
  const disk = new Disk(10 * MIB);
  disk.minFreeBytes = 20 * MIB;
  disk.removable = 100 * MIB;
  disk.isLate = true;
  const room = disk.room();
  await room.keep();
  await room.keep();
  assertEquals(disk.demands.length, 1);
  disk.now += 60_000;
  await room.keep();
  assertEquals(disk.demands.length, 2);
});

Deno.test("room: what freed space was taken for is kept free while other downloads still write", async () => {
  const disk = new Disk(100 * MIB);
  disk.minFreeBytes = 50 * MIB;
  disk.removable = 100 * MIB;
  const room = disk.room();
  disk.downloads.set("a", { size: 40 * MIB, released: 0 });
  await room.of("a").make(40 * MIB);
  await room.keep();
  assertEquals(disk.demands, []);
  assertEquals(await room.make(20 * MIB), true);
  assertEquals(disk.free, 50 * MIB + 40 * MIB + 20 * MIB + MIB);
});

Deno.test("room: a cleanup that fails is logged, and leaves the answer to the disk", async () => {
  const log = new LogLines();
  const disk = new Disk(0);
  const room = disk.room({ cleanup: { makeRoom: () => Promise.reject(new Error("no disk")) } });
  assertEquals(await room.make(1), true);
  assertEquals(await room.make(1), true, "the next run is a new one");
  assertEquals(log.matching(/cannot free disk space.*no disk/).length, 2);
});

Deno.test("room: the least recently used packages make way for a file, pinned ones never", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const pinned = await cache.add("linux", "1-1", { bytes: 2 * MIB, usedAt: cache.now - 9 });
  const oldest = await cache.add("foo", "1-1", { bytes: 2 * MIB, usedAt: cache.now - 8 });
  const newest = await cache.add("foo", "2-1", { bytes: 2 * MIB, usedAt: cache.now - 7 });
  cache.configure({ minFreeBytes: MIB, pinnedPackages: ["linux"] });
  let removed = 0;
  const cleanup = cache.cleanup({ freeSpace: () => Promise.resolve(2 * MIB + removed) });
  const room = new DiskRoom({
    cleanup: {
      makeRoom: async (demand) => {
        const report = await cleanup.makeRoom(demand);
        removed += report.bytesFreed;
        return report;
      },
    },
    downloads: { get: () => null },
    settings: () => cache.settings,
    freeSpace: () => Promise.resolve(2 * MIB + removed),
  });
  assertEquals(await room.make(2 * MIB), true);
  assertEquals(await cache.files(), [newest, `${newest}.sig`, pinned, `${pinned}.sig`]);
  assertStringIncludes(log.matching(new RegExp(oldest)).join(), "for incoming files");
  assertEquals(oldest.startsWith(CORE), true);
});
