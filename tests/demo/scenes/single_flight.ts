import { bytesText, timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** One transfer for all clients: it outlives the first, and a slow reader does not slow it down. */
export async function singleFlight(stage: Stage): Promise<void> {
  const { story, ledger, catalogue: { linux } } = stage;
  story.startScene("Five clients request the same large package at once");
  const size = bytesText(linux.bytes.length);
  const leaver = stage.fetchAnnounced("laptop", linux, {
    cache: "MISS",
    end: "left",
    leaveAfterBytes: linux.bytes.length / 3,
  }).then((receipt) => {
    const part = `${bytesText(receipt.bytes)} of ${size}`;
    story.event("laptop", "leaves", `after ${part}, although its request started the transfer`);
    return receipt;
  });
  await stage.mirrorsByRequest(linux, leaver);
  const others = ["desktop", "server", "office"].map((name) =>
    stage.fetchAnnounced(name, linux, { cache: "JOIN" })
  );
  const slowReader = stage.fetchAnnounced("old-pi", linux, {
    cache: "JOIN",
    bytesPerSecond: stage.slowReaderBytesPerSecond,
    // On a busy machine, the others may be as slow. If they waited for it, the demo would be stuck.
    secondHalfAfter: Promise.all(others),
  });
  const speed = `${bytesText(stage.slowReaderBytesPerSecond)}/s`;
  story.event("old-pi", "", `reads at most ${speed}, the mirror sends faster`);
  const [left, slowest, ...prompt] = await Promise.all([leaver, slowReader, ...others]);
  const requests = stage.requestsFor(linux);
  story.event("mirrors", "", `received ${requestsText(requests)} for ${linux.label}`);
  const all = [left, slowest, ...prompt];
  ledger.recordTrial(
    requests === 1 && all.every(({ isRight }) => isRight),
    `${all.length} clients at once for ${size}: the mirrors received ${requestsText(requests)}`,
  );
  ledger.recordTrial(
    left.end === "left" && prompt.every(({ end, isRight }) => end === "complete" && isRight),
    `the client that started the transfer left after ${
      bytesText(left.bytes)
    }: the others got it all`,
  );
  const longest = Math.max(...prompt.map(({ durationMs }) => durationMs));
  ledger.recordTrial(
    slowest.isRight && longest < slowest.durationMs,
    `a slow reader took ${timeText(slowest.durationMs)} and delayed nobody: ` +
      `the others took ${timeText(longest)}`,
  );
}

function requestsText(count: number): string {
  return count === 1 ? "1 request" : `${count} requests`;
}
