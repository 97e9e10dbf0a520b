import { packagesOf } from "../catalogue.ts";
import type { Stage } from "../stage.ts";

/** Without any mirror, cached packages can still be installed. */
export async function allMirrorsDown(stage: Stage): Promise<void> {
  const { story, ledger, app, slow, frail, catalogue } = stage;
  story.startScene("All mirrors are down");
  await Promise.all([slow.down(), frail.down()]);
  story.event("mirrors", "die", "both: connections are refused");
  // The databases are so young that they would be served without asking a mirror.
  app.reconfigure({ ...app.config, databaseMaxAgeMs: 0 });
  story.event(
    "pkgstash",
    "reloads",
    "database_max_age = 0, so it must ask a mirror for each database",
  );
  const receipts = [
    await stage.fetch("server", catalogue.core, { cache: "STALE" }),
    await stage.fetch("server", catalogue.extra, { cache: "STALE" }),
  ];
  for (const file of packagesOf(catalogue)) {
    receipts.push(await stage.fetch("server", file, { cache: "HIT" }));
  }
  const good = receipts.filter(({ end, isRight }) => end === "complete" && isRight).length;
  ledger.recordTrial(
    good === receipts.length,
    `all mirrors down: ${good} of ${receipts.length} files served from the cache`,
  );
}
