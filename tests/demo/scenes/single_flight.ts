import { bytesText, timeText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** One transfer for all; it belongs to none of them, and nobody sets another's pace. */
export async function singleFlight(stage: Stage): Promise<void> {
  const { story, ledger, catalogue: { linux } } = stage;
  story.scene("Five clients want the same large package at once");
  const size = bytesText(linux.bytes.length);
  const leaver = stage.follow("laptop", linux, {
    cache: "MISS",
    end: "left",
    leaveAfter: linux.bytes.length / 3,
  }).then((receipt) => {
    const part = `${bytesText(receipt.bytes)} of ${size}`;
    story.tell("laptop", "leaves", `after ${part}, though the transfer was begun for it`);
    return receipt;
  });
  await stage.asked(linux, leaver);
  const others = ["desktop", "server", "office"].map((name) =>
    stage.follow(name, linux, { cache: "JOIN" })
  );
  const idler = stage.follow("old-pi", linux, {
    cache: "JOIN",
    bytesPerSecond: stage.idleSpeed,
  });
  const speed = `${bytesText(stage.idleSpeed)}/s`;
  story.tell("old-pi", "", `takes no more than ${speed}, the mirror sends faster`);
  const [left, slowest, ...prompt] = await Promise.all([leaver, idler, ...others]);
  const requests = stage.requestsFor(linux);
  story.tell("mirrors", "", `were asked ${times(requests)} in all for ${linux.label}`);
  const all = [left, slowest, ...prompt];
  ledger.survive(
    requests === 1 && all.every(({ isRight }) => isRight),
    `${all.length} clients at once for ${size}: upstream was asked ${times(requests)}`,
  );
  ledger.survive(
    left.end === "left" && prompt.every(({ end, isRight }) => end === "complete" && isRight),
    `the client that began the transfer left after ${bytesText(left.bytes)}, the others got it all`,
  );
  const longest = Math.max(...prompt.map(({ duration }) => duration));
  ledger.survive(
    slowest.isRight && longest < slowest.duration,
    `a slow reader took ${timeText(slowest.duration)} and held nobody up: ` +
      `the others took ${timeText(longest)}`,
  );
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
