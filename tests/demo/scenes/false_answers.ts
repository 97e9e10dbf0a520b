import { Gate } from "../../support/fake_mirror.ts";
import { bytesText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** Mirrors that answer with something else: nobody gets it whole, and nothing of it is kept. */
export async function falseAnswers(stage: Stage): Promise<void> {
  stage.story.scene("Mirrors that send something else");
  await webPage(stage);
  await stage.settle();
  await wrongBytes(stage);
}

async function webPage(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { nano } } = stage;
  // The other one keeps silent until the page has been asked for, whoever is asked first.
  const gate = new Gate();
  slow.behave(nano.path, { kind: "html" }, 1);
  frail.behave(nano.path, [{ kind: "hangBeforeHeaders", gate }, ...stage.mannersOf(frail)], 1);
  const receiving = stage.fetch("laptop", nano, { cache: "MISS" });
  await stage.until(Promise.race([slow.waitForRequest(nano.path), receiving]));
  gate.release();
  story.tell("slow mirror", "lies", `200 OK and a web page for ${nano.label}`);
  const { isRight, end } = await receiving;
  ledger.survive(
    isRight && end === "complete" && slow.count(nano.path) === 1 && frail.count(nano.path) === 1,
    "a mirror sent a web page for a package: refused, and taken from another",
  );
}

async function wrongBytes(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { git } } = stage;
  const changed = git.bytes.slice();
  const middle = Math.floor(changed.length / 2);
  changed[middle]! ^= 1;
  for (const mirror of [slow, frail]) mirror.put(git.path, changed);
  const refusing = stage.fetchFalse("laptop", git);
  const [liar] = await stage.asked(git, refusing);
  for (const mirror of [slow, frail]) mirror.put(git.path, git.bytes);
  story.tell(stage.nameOf(liar), "lies", `one bit in ${bytesText(changed.length)} of ${git.label}`);
  const refused = await refusing;
  const missing = git.bytes.length - refused.bytes;
  const count = `${missing} ${missing === 1 ? "byte" : "bytes"}`;
  story.tell("laptop", "refused", `the answer broke off ${count} early: wrong SHA-256`);
  await stage.settle();
  const { isRight, end } = await stage.fetch("laptop", git, { cache: "MISS" });
  const resumed = [...slow.requests, ...frail.requests].some(({ path, headers }) =>
    path === git.path && headers.has("range")
  );
  ledger.survive(
    refused.end === "broken" && missing > 0 && isRight && end === "complete" &&
      stage.requestsFor(git) === 2 && !resumed,
    "a mirror sent one wrong bit: no client got the whole of it, and nothing of it was kept",
  );
}
