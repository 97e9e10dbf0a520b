import { delay } from "@std/async/delay";
import { dirname, join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { recover } from "./calm.ts";
import { liveFor, NOTHING_SPECIAL, type Run, type Scene, withSiege } from "./run.ts";
import type { Siege } from "./siege.ts";

/** Too small for all packages of both repositories, large enough for any two of them. */
const DISK_BYTES = 3 * 1024 * 1024;
const STEP_MS = 1_500;
const LOCK_TRIES = 100;

/** A cache on a small file system that is full, then read-only, then writable again. */
export const smallDisk: Scene = {
  name: "a disk that is full, and one that is read-only",
  part: 0.16,
  obstacle: async () => {
    if (Deno.uid() !== 0) return "only root may mount a small file system";
    try {
      await runCommand(["unshare", "--mount", "true"]);
      return null;
    } catch {
      return "this user may not mount";
    }
  },
  play: (run) =>
    withSiege(run, async (folder) => {
      const mount = join(folder, "disk");
      await Deno.mkdir(mount);
      await runCommand(["mount", "-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", mount]);
      const release = async () => {
        // A failure may have left it locked.
        await unlock(mount);
        await unlock(mount).catch(() => {});
      };
      return { cacheRoot: join(mount, "cache"), release };
    }, (siege) => fillAndLock(run, siege)),
};

async function fillAndLock(run: Run, siege: Siege): Promise<void> {
  const mount = dirname(siege.cacheRoot);
  for (let turn = 1; turn === 1 || performance.now() < run.endsAt; turn++) {
    const random = run.random.fork("disk", turn);
    const { load: full } = await liveFor(siege, { ...run, random }, STEP_MS * 2);
    await full;
    const { load: locked } = await liveFor(siege, { ...run, random }, STEP_MS * 2, async () => {
      await lock(mount);
      await delay(STEP_MS);
      await unlock(mount);
    });
    await locked;
    await recover(siege);
    if (random.chance(0.5)) {
      await siege.kill();
      run.killed();
    }
    if (!siege.isRunning) await siege.start();
  }
}

/**
 * Makes the disk read-only for everything opened from now on; a file that is already open stays
 * writable. A file that is opened for writing between the two mounts prevents it, for as long as it
 * is open, so each try begins with a mount of its own.
 */
async function lock(mount: string): Promise<void> {
  for (let tries = 1;; tries++) {
    await runCommand(["mount", "--bind", mount, mount]);
    try {
      await runCommand(["mount", "-o", "remount,bind,ro", mount]);
      return;
    } catch (error) {
      await unlock(mount);
      if (tries === LOCK_TRIES) throw error;
    }
  }
}

/** Undoes the last mount. */
async function unlock(mount: string): Promise<void> {
  await runCommand(["umount", "--lazy", mount]);
}

/** Files and whole directories disappear or are cut under the running daemon. */
export const vanishingCache: Scene = {
  name: "a cache that is removed and damaged under the daemon",
  part: 0.12,
  obstacle: () => Promise.resolve(null),
  play: (run) =>
    withSiege(run, NOTHING_SPECIAL, async (siege) => {
      for (let turn = 1; turn === 1 || performance.now() < run.endsAt; turn++) {
        const random = run.random.fork("vanishing", turn);
        const victim = random.one(["", "core", "extra/os/x86_64", ".pkgstash/parts"]);
        const { load } = await liveFor(siege, { ...run, random }, STEP_MS * 2, async () => {
          await delay(STEP_MS);
          if (victim === "") { for (const repository of siege.repositories) repository.shown = 0; }
          await Deno.remove(join(siege.cacheRoot, victim), { recursive: true }).catch(() => {});
        });
        await load;
        run.write(`  removed "${victim}" under the daemon`);
        if (victim === "") { for (const repository of siege.repositories) repository.shown = 0; }
        await recover(siege);
      }
    }),
};
