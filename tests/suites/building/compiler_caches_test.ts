// ccache and sccache, which keep what was compiled for the next build of the same package.
import { assertEquals, assertMatch } from "@std/assert";
import { buildingTest, packageSource } from "../../support/building/build_bed.ts";

const PACKAGE = 'package() { install -Dm644 made.o "$pkgdir/usr/lib/$pkgname/made.o"; }';

/** How a C file is compiled through each, and how the cache says what it found. */
const TOOLS = {
  ccache: {
    build: "gcc -c made.c -o made.o; ccache --show-stats -v",
    hits: (count: number) => new RegExp(`^ *Hits: +${count} /`, "m"),
  },
  sccache: {
    build: "sccache gcc -c made.c -o made.o; sccache --show-stats; sccache --stop-server",
    hits: (count: number) => new RegExp(`^Cache hits +${count}$`, "m"),
  },
} as const;

for (const tool of ["ccache", "sccache"] as const) {
  buildingTest(
    `${tool} reuses what was compiled for the same package, and for no other`,
    async (bed) => {
      const { queue } = bed;
      await bed.builder();
      const { build, hits } = TOOLS[tool];
      /** What the cache says after a build of this package. */
      const built = async (name: string, isUsed: boolean): Promise<string> => {
        // What was counted before is of no interest.
        const reset = tool === "ccache" ? "ccache --zero-stats" : "true";
        const body =
          `build() { ${reset}; echo 'int made(void) { return 42; }' >made.c; ${build}; }\n${PACKAGE}`;
        const job = queue.add({ ...packageSource(name, { body }), settings: { [tool]: isUsed } });
        assertEquals((await queue.resultOf(job)).outcome, "built", queue.logOf(job));
        return queue.logOf(job);
      };
      assertMatch(await built("one", true), hits(0));
      assertMatch(await built("one", true), hits(1));
      assertMatch(await built("other", true), hits(0));
    },
  );
}
