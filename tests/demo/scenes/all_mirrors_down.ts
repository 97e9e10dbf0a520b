import { packagesOf } from "../catalogue.ts";
import type { Stage } from "../stage.ts";

/** Without any mirror, what is in the cache can still be installed. */
export async function allMirrorsDown(stage: Stage): Promise<void> {
  const { story, ledger, app, slow, frail, catalogue } = stage;
  story.scene("All mirrors are down");
  await Promise.all([slow.down(), frail.down()]);
  story.tell("mirrors", "die", "both of them, no connection is taken any more");
  // Otherwise the databases are young enough to be served without asking anyone.
  app.reconfigure({ ...app.config, databaseMaxAgeMs: 0 });
  story.tell(
    "pkgstash",
    "reloads",
    "database_max_age = 0: it has to ask a mirror for each database",
  );
  const receipts = [
    await stage.fetch("server", catalogue.core, { cache: "STALE" }),
    await stage.fetch("server", catalogue.extra, { cache: "STALE" }),
  ];
  for (const file of packagesOf(catalogue)) {
    receipts.push(await stage.fetch("server", file, { cache: "HIT" }));
  }
  const good = receipts.filter(({ end, isRight }) => end === "complete" && isRight).length;
  ledger.survive(
    good === receipts.length,
    `all mirrors down: ${good} of ${receipts.length} files served from the cache`,
  );
}
