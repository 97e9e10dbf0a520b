import { Gate } from "../../support/fake_mirror.ts";
import { bytesText, timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** The share of the file that the mirror sends before it goes down. */
const LAST_WORDS = 0.55;

/** A mirror goes down midway: another goes on, if it proves that it has the same file. */
export async function dyingMirror(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { firefox } } = stage;
  story.scene("A mirror dies in the middle of a file");
  const gate = new Gate();
  const sent = Math.floor(firefox.bytes.length * LAST_WORDS);
  // Whichever is asked first comes to the gate; the other finds it open.
  for (const mirror of [slow, frail]) {
    mirror.behave(firefox.path, [...stage.mannersOf(mirror), { kind: "gate", gate, bytes: sent }]);
  }
  const receiving = stage.follow("desktop", firefox, { cache: "MISS" });
  await stage.until(Promise.race([gate.reached, receiving]));
  const [dying, other] = await stage.asked(firefox, receiving);
  await dying.down();
  gate.release();
  const part = `${bytesText(sent)} of ${bytesText(firefox.bytes.length)}`;
  story.tell(stage.nameOf(dying), "dies", `after ${part}, and takes no more connections`);
  await stage.until(Promise.race([other.waitForRequest(firefox.path), receiving]));
  const headers = other.requests.find(({ path }) => path === firefox.path)?.headers;
  const range = headers?.get("range");
  const ifRange = headers?.get("if-range");
  story.tell(stage.nameOf(other), "goes on", `Range: ${range}  If-Range: ${ifRange}`);
  const { isRight, longestSilence } = await receiving;
  const silence = timeText(longestSilence);
  story.tell("", "", `one answer, one length, one hash; the longest silence in it: ${silence}`);
  ledger.survive(
    isRight && stage.requestsFor(firefox) === 2 && range != null && ifRange != null,
    `a mirror died after ${part}: another went on, one answer, ${silence} of silence`,
  );
  await dying.up();
}
