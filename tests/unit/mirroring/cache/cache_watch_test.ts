import { assertEquals } from "@std/assert";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { CacheWatch } from "../../../../src/mirroring/cache/cache_watch.ts";
import { prepareCache } from "../../../../src/mirroring/cache/prepare_cache.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

/** Runs a test with a watched cache directory that holds one pin. */
function withWatch(
  test: (
    watched: { layout: CacheLayout; watch: CacheWatch; index: CacheIndex; restored: () => number },
  ) => Promise<void>,
): Promise<void> {
  return inTempFolder(async (folder) => {
    const layout = new CacheLayout(`${folder}/cache`);
    const lock = await prepareCache(layout);
    using index = await CacheIndex.open(layout.index);
    index.pin("linux", 1);
    let restored = 0;
    await using watch = new CacheWatch({ layout, lock, index, onRestored: () => restored++ });
    await test({ layout, watch, index, restored: () => restored });
  });
}

async function isLocked(layout: CacheLayout): Promise<boolean> {
  try {
    (await prepareCache(layout))[Symbol.dispose]();
    return false;
  } catch {
    return true;
  }
}

Deno.test("cache watch: nothing is done while nothing is missing", () =>
  withWatch(async ({ layout, watch, restored }) => {
    const before = (await Deno.stat(layout.index)).ino;
    await watch.check();
    assertEquals([(await Deno.stat(layout.index)).ino, restored()], [before, 0]);
  }));

for (const what of ["root", "state", "index"] as const) {
  Deno.test(`cache watch: what is removed with the ${what} is made again, and no pin is lost`, () =>
    withWatch(async ({ layout, watch, index, restored }) => {
      await Deno.remove(layout[what], { recursive: true });
      await watch.check();
      assertEquals([await isLocked(layout), restored()], [true, 1]);
      assertEquals(await Deno.readTextFile(layout.version), "1\n");
      index.pin("base", 2);
      assertEquals(index.pins().map(({ pattern }) => pattern), ["base", "linux"]);
      using reopened = await CacheIndex.open(layout.index);
      assertEquals(reopened.pins().map(({ pattern }) => pattern), ["base", "linux"]);
      await watch.check();
      assertEquals(restored(), 1);
    }));
}

Deno.test("cache watch: a directory that cannot be recreated is reported once, and tried again", () =>
  withWatch(async ({ layout, watch, index, restored }) => {
    const log = new LogLines();
    await Deno.remove(layout.root, { recursive: true });
    await Deno.writeTextFile(layout.root, "in the way");
    await watch.check();
    await watch.check();
    assertEquals(log.matching(/cannot recreate the cache directory/).length, 1);
    index.pin("base", 2);
    await Deno.remove(layout.root);
    await watch.check();
    assertEquals([await isLocked(layout), restored()], [true, 1]);
    assertEquals(index.pins().length, 2);
  }));

Deno.test("cache watch: it reports why nothing can be written, and leaves nothing behind", () =>
  withWatch(async ({ layout, watch }) => {
    const names = async () =>
      (await Array.fromAsync(Deno.readDir(layout.state))).map(({ name }) => name).sort();
    const before = await names();
    assertEquals([await watch.problem(), await names()], [null, before]);
    await Deno.rename(layout.state, `${layout.state}.away`);
    assertEquals(/No such file/.test(await watch.problem() ?? ""), true);
    await Deno.rename(`${layout.state}.away`, layout.state);
    assertEquals(await watch.problem(), null);
  }));
