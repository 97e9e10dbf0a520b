import { timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** Nothing is cached yet: the first byte has to come when the mirror's does, not when it is done. */
export async function firstClient(stage: Stage): Promise<void> {
  const { story, ledger, catalogue: { core, extra, glibc } } = stage;
  story.scene("A first client: the cache is empty, the mirror is slow");
  await stage.fetch("desktop", core, { cache: "MISS" });
  await stage.fetch("desktop", extra, { cache: "MISS" });
  const [uncached, direct] = await Promise.all([
    stage.follow("desktop", glibc, { cache: "MISS" }),
    stage.fetchDirectly(glibc),
  ]);
  ledger.firstBytes.direct = direct;
  ledger.firstBytes.uncached = uncached;
  if (direct.firstByteAfter === null || uncached.firstByteAfter === null) return;
  story.tell(
    "",
    "",
    `the slow mirror itself: first byte after ${timeText(direct.firstByteAfter)}, ` +
      `all in ${timeText(direct.duration)}`,
  );
}
