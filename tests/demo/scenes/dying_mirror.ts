import { Gate } from "../../support/fake_mirror.ts";
import { bytesText, timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** The fraction of the file that the mirror sends before it dies. */
const FRACTION_SENT = 0.55;

/** A mirror dies midway: another one resumes, if it proves that it has the same file. */
export async function dyingMirror(stage: Stage): Promise<void> {
  const { story, ledger, slow, frail, catalogue: { firefox } } = stage;
  story.startScene("A mirror dies in the middle of a file");
  const gate = new Gate();
  const sent = Math.floor(firefox.bytes.length * FRACTION_SENT);
  // The mirror that is asked first waits at the gate; the other finds it open.
  for (const mirror of [slow, frail]) {
    mirror.behave(firefox.path, [...stage.usualBehaviourOf(mirror), {
      kind: "gate",
      gate,
      bytes: sent,
    }]);
  }
  const receiving = stage.fetchAnnounced("desktop", firefox, { cache: "MISS" });
  await stage.until(Promise.race([gate.reached, receiving]));
  const [dying, other] = await stage.mirrorsByRequest(firefox, receiving);
  await dying.down();
  gate.release();
  const part = `${bytesText(sent)} of ${bytesText(firefox.bytes.length)}`;
  story.event(stage.nameOf(dying), "dies", `after ${part}, and refuses connections`);
  await stage.until(Promise.race([other.waitForRequest(firefox.path), receiving]));
  const headers = other.requests.find(({ path }) => path === firefox.path)?.headers;
  const range = headers?.get("range");
  const ifRange = headers?.get("if-range");
  story.event(stage.nameOf(other), "resumes", `Range: ${range}  If-Range: ${ifRange}`);
  const { isRight, longestPauseMs } = await receiving;
  const pause = timeText(longestPauseMs);
  story.event("", "", `one response, one length, one hash; its longest pause was ${pause}`);
  ledger.recordTrial(
    isRight && stage.requestsFor(firefox) === 2 && range != null && ifRange != null,
    `a mirror died after ${part}: another resumed in the same response, after ${pause}`,
  );
  await dying.up();
}
