import { recover } from "./calm.ts";
import { damageCache } from "./damage.ts";
import { liveFor, NOTHING_SPECIAL, type Run, type Scene, withSiege } from "./run.ts";

const ROUNDS_TO_CALM = 6;
const LIFE_MS = { least: 100, most: 2_500 };

/** SIGKILL under load at any moment, and damage to the cache before the next start. */
export const kills: Scene = {
  name: "kills under load, on a cache that is damaged in between",
  part: 0.6,
  obstacle: () => Promise.resolve(null),
  play: (run) =>
    withSiege(run, NOTHING_SPECIAL, async (siege) => {
      for (let round = 1, killed = 0;; round++) {
        const random = run.random.fork("round", round);
        const lifeMs = random.whole(LIFE_MS.least, LIFE_MS.most);
        const { load } = await liveFor(siege, { ...run, random }, lifeMs);
        const isLast = performance.now() > run.endsAt && killed >= run.kills;
        if (isLast || round % ROUNDS_TO_CALM === 0) {
          await load;
          await recover(siege);
        }
        if (isLast) return;
        await siege.kill();
        killed += 1;
        run.killed();
        await load;
        await damage(run, siege, round);
      }
    }),
};

async function damage(
  { random, write }: Run,
  siege: Parameters<typeof damageCache>[0],
  round: number,
): Promise<void> {
  const done = await damageCache(siege, random.fork("damage", round));
  if (done !== "none") write(`  round ${round}: ${done}`);
}
