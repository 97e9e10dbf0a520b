import { TempFolder } from "../../support/temp_folder.ts";
import { recover } from "./calm.ts";
import { liveFor, type Scene, withSiege } from "./run.ts";

/** Debian's and Arch Linux's places. */
const LIBRARIES = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/faketime/libfaketime.so.1",
];
const LIFE_MS = 2_500;
const OFFSETS = ["+0", "-3d", "+2d", "+400d", "-400d", "+90s", "-90s", "+0"];

async function library(): Promise<string | null> {
  for (const path of LIBRARIES) {
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
  return null;
}

/** The daemon's clock jumps, forward and back, while its timers go on. */
export const jumpingClock: Scene = {
  name: "a clock that jumps",
  part: 0.12,
  obstacle: async () =>
    await library() === null ? "libfaketime is missing: install the package libfaketime" : null,
  play: async (run) => {
    await using folder = await TempFolder.create("pkgstash-clock-");
    const offsetFile = folder.join("offset");
    const jump = (offset: string) => Deno.writeTextFile(offsetFile, `${offset}\n`);
    await jump("+0");
    const env = {
      LD_PRELOAD: await library() ?? "",
      FAKETIME_TIMESTAMP_FILE: offsetFile,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    await withSiege(run, () => Promise.resolve({ env }), async (siege) => {
      for (let turn = 0; turn < 2 || performance.now() < run.endsAt; turn++) {
        const random = run.random.fork("clock", turn);
        const offset = random.one(OFFSETS)!;
        const { load } = await liveFor(siege, { ...run, random }, LIFE_MS, () => jump(offset));
        if (random.chance(0.4)) {
          await siege.kill();
          run.killed();
        }
        await load;
        run.write(`  the clock jumped to ${offset}`);
      }
      await jump("+0");
      if (!siege.isRunning) await siege.start();
      await recover(siege);
    });
  },
};
