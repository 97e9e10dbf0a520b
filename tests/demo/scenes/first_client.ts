import { timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** Nothing is cached: the first byte must arrive when the mirror sends it, not when it is done. */
export async function firstClient(stage: Stage): Promise<void> {
  const { story, ledger, catalogue: { core, extra, glibc } } = stage;
  story.startScene("The first client: the cache is empty, the mirror is slow");
  await stage.fetch("desktop", core, { cache: "MISS" });
  await stage.fetch("desktop", extra, { cache: "MISS" });
  const [uncached, direct] = await Promise.all([
    stage.fetchAnnounced("desktop", glibc, { cache: "MISS" }),
    stage.fetchDirectly(glibc),
  ]);
  ledger.firstBytes.direct = direct;
  ledger.firstBytes.uncached = uncached;
  if (direct.firstByteMs === null || uncached.firstByteMs === null) return;
  story.event(
    "",
    "",
    `slow mirror directly: first byte after ${timeText(direct.firstByteMs)}, ` +
      `complete in ${timeText(direct.durationMs)}`,
  );
}
