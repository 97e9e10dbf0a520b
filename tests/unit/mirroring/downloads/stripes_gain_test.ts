// Several mirrors are used only while they bring more than one.
import { assertEquals } from "@std/assert";
import { Extents } from "../../../../src/mirroring/downloads/extents.ts";
import { Runs } from "../../../../src/mirroring/downloads/runs.ts";
import { Stripes } from "../../../../src/mirroring/downloads/stripes.ts";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";
import { Striping } from "../../../../src/mirroring/mirrors/striping.ts";
import { EXTRA, PACKAGE } from "./download_bed.ts";

const MIB = 1024 * 1024;

Deno.test("striping ends, for this file and the next ones, when several mirrors are not faster", async () => {
  const mirrors = [0, 1].map((index) => mirrorAt(`http://${index}.example/`, "$repo/os/$arch"));
  mirrors[0]!.health.recordBytes({ bytes: MIB, waitedMs: 1000 });
  const paused = Promise.withResolvers<void>();
  class Watched extends Striping {
    override recordNoGain() {
      super.recordNoGain();
      paused.resolve();
    }
  }
  const striping = new Watched(new MirrorPool(mirrors), MIB);
  const extents = new Extents();
  const begun: number[] = [];
  using stripes = new Stripes({
    striping,
    request: { repository: EXTRA, fileName: PACKAGE },
    size: 100 * MIB,
    extents,
    runs: new Runs(extents),
    first: { mirror: mirrors[0]!, received: { bytes: 0, waitedMs: 0 } },
    begin: ({ start }) => begun.push(start),
  });
  assertEquals(begun, [0, 0]);
  await paused.promise;
  begun.length = 0;
  stripes.plan();
  assertEquals(begun, []);
  assertEquals(stripes.endOf(0), Infinity);
  assertEquals(striping.allows(100 * MIB), false);
});
