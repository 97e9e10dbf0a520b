import { delay } from "@std/async/delay";
import { drawMood } from "./faulty_mirror.ts";
import type { Random } from "./random.ts";
import type { Siege } from "./siege.ts";
import { visit } from "./visits.ts";

const VISITORS = 8;
const PAUSE_MS = { least: 100, most: 600 };

/** Clients at work and a world in motion, until the signal. */
export async function underLoad(
  siege: Siege,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const { client, judge, repositories } = siege;
  const visitors = Array.from({ length: VISITORS }, async (_, index) => {
    const draws = random.fork("visitor", index);
    while (!signal.aborted) await visit({ client, judge, repositories }, draws);
  });
  await Promise.all([
    ...visitors,
    unrest(siege, random.fork("unrest"), signal),
    siege.watch(signal),
  ]);
}

/** Mirrors change their moods, go down and come up; repositories move on. */
async function unrest(siege: Siege, random: Random, signal: AbortSignal): Promise<void> {
  for (const mirror of siege.mirrors) mirror.mood = drawMood(random, siege.repositories);
  while (!signal.aborted) {
    const pauseMs = random.whole(PAUSE_MS.least, PAUSE_MS.most);
    await delay(pauseMs, { signal }).catch(() => {});
    const mirror = random.one(siege.mirrors)!;
    mirror.mood = drawMood(random, siege.repositories);
    if (!mirror.isUp) mirror.up();
    else if (random.chance(0.1)) await mirror.down();
    if (random.chance(0.6)) await random.one(siege.repositories)!.advance(random);
    if (random.chance(0.1)) {
      await siege.configure({ keep_versions: random.whole(0, 3), prefetch: random.chance(0.5) });
      siege.reload();
    }
  }
}
