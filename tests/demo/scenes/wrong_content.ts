import { Gate } from "../../support/fake_mirror.ts";
import { bytesText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** Mirrors that send wrong content: no client gets all of it, and nothing of it is cached. */
export async function wrongContent(stage: Stage): Promise<void> {
  stage.story.startScene("Mirrors send wrong content");
  await webPage(stage);
  await stage.settle();
  await wrongBytes(stage);
  // Wrong bytes put the database in doubt, until a mirror confirms it.
  await stage.fetchQuietly("laptop", stage.catalogue.extra);
}

async function webPage(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { nano } } = stage;
  // The other mirror hangs until the page has been requested, so the order does not matter.
  const gate = new Gate();
  slow.behave(nano.path, { kind: "html" }, 1);
  frail.behave(
    nano.path,
    [{ kind: "hangBeforeHeaders", gate }, ...stage.usualBehaviourOf(frail)],
    1,
  );
  const receiving = stage.fetch("laptop", nano, { cache: "MISS" });
  await stage.until(Promise.race([slow.waitForRequest(nano.path), receiving]));
  gate.release();
  story.event("slow mirror", "lies", `200 OK with a web page instead of ${nano.label}`);
  const { isRight, end } = await receiving;
  ledger.recordTrial(
    isRight && end === "complete" && slow.count(nano.path) === 1 && frail.count(nano.path) === 1,
    "a mirror sent a web page for a package: rejected, and fetched from another mirror",
  );
}

async function wrongBytes(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { git } } = stage;
  const changed = git.bytes.slice();
  const middle = Math.floor(changed.length / 2);
  changed[middle]! ^= 1;
  for (const mirror of [slow, frail]) mirror.put(git.path, changed);
  const failing = stage.fetchQuietly("laptop", git);
  const [liar] = await stage.mirrorsByRequest(git, failing);
  for (const mirror of [slow, frail]) mirror.put(git.path, git.bytes);
  story.event(
    stage.nameOf(liar),
    "lies",
    `one wrong bit in ${bytesText(changed.length)} of ${git.label}`,
  );
  const failed = await failing;
  const missing = git.bytes.length - failed.bytes;
  const count = `${missing} ${missing === 1 ? "byte" : "bytes"}`;
  story.event("pkgstash", "rejects", `wrong SHA-256: the response to laptop ends ${count} early`);
  await stage.settle();
  const { isRight, end } = await stage.fetch("laptop", git, { cache: "MISS" });
  const resumed = [...slow.requests, ...frail.requests].some(({ path, headers }) =>
    path === git.path && headers.has("range")
  );
  ledger.recordTrial(
    failed.end === "broken" && missing > 0 && isRight && end === "complete" &&
      stage.requestsFor(git) === 2 && !resumed,
    "a mirror sent one wrong bit: no client got a complete file, and nothing was cached",
  );
}
