// Whether a file comes from several mirrors at once, and from which.
import { assertEquals } from "@std/assert";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";
import { Striping } from "../../../../src/mirroring/mirrors/striping.ts";
import { EXTRA, PACKAGE } from "../downloads/download_bed.ts";

const MIB = 1024 * 1024;
const REQUEST = { repository: EXTRA, fileName: PACKAGE };

/** Mirrors of these rates in MiB per second; null for one that nothing is known of. */
function stripingOver(rates: readonly (number | null)[]) {
  const clock = { now: 0 };
  const now = () => clock.now;
  const mirrors = rates.map((rate, index) => {
    const mirror = mirrorAt(`http://${index}.example/`, "$repo/os/$arch", now);
    if (rate !== null) mirror.health.recordBytes({ bytes: rate * MIB, waitedMs: 1000 });
    return mirror;
  });
  const pool = new MirrorPool(mirrors, null, now);
  const striping = new Striping(pool, 16 * MIB, now);
  const chosen = (only?: readonly number[]) => {
    const request = { ...REQUEST, ...(only && { only: only.map((index) => mirrors[index]!) }) };
    return striping.mirrors(request).map((mirror) => mirrors.indexOf(mirror)).sort();
  };
  return { clock, mirrors, pool, striping, chosen };
}

Deno.test("files are striped from the threshold on, and never if it is 0", () => {
  const { striping } = stripingOver([null, null]);
  assertEquals([15, 16, 17].map((size) => striping.allows(size * MIB)), [false, true, true]);
  striping.thresholdBytes = 0;
  assertEquals(striping.allows(100 * MIB), false);
});

Deno.test("nothing is striped for a while after striping was no faster", () => {
  const { clock, striping } = stripingOver([null, null]);
  striping.recordNoGain();
  assertEquals(striping.allows(100 * MIB), false);
  clock.now = 600_000;
  assertEquals(striping.allows(100 * MIB), true);
});

Deno.test("a mirror that is much slower than another sends no stripe", () => {
  assertEquals(stripingOver([8, 2, 1, null]).chosen(), [0, 1, 3]);
  // Rates that no line has say little.
  assertEquals(stripingOver([1000, 4, 3]).chosen(), [0, 1]);
});

Deno.test("a mirror that rests, is busy, or has sent something else sends no stripe", () => {
  const { mirrors, pool, chosen } = stripingOver([null, null, null, null]);
  mirrors[0]!.health.recordFailure("broken");
  mirrors[1]!.health.inFlight = 3;
  pool.refuse(mirrors[2]!, { directory: EXTRA.directory, fileName: PACKAGE });
  assertEquals(chosen(), [3]);
});

Deno.test("only the mirrors that may be asked send stripes", () => {
  assertEquals(stripingOver([null, null, null]).chosen([1]), [1]);
});
