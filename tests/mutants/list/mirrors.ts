import type { Mutant } from "../mutant.ts";

/** Whom to ask, whom to leave, and how long to wait. */
export const MIRRORS: readonly Mutant[] = [
  {
    file: "mirroring/downloads/challenge.ts",
    find: ">= FASTER * slowRate",
    replace: ">= 0.1 * slowRate",
    breaks: "a slow mirror is left for one that is as slow",
    killedBy: [
      "mirroring/downloads/slow_mirror_test.ts: a mirror is not abandoned for one that proves about as slow",
    ],
  },
  {
    file: "mirroring/downloads/transfer.ts",
    find: "if (await this.#takeChallenger()) continue;",
    replace: "",
    breaks: "a mirror that was tried beside a slow one is dropped when that one fails",
    killedBy: [
      "mirroring/downloads/slow_mirror_test.ts: a mirror that was tried beside a slow one continues if that one fails",
    ],
  },
  {
    file: "mirroring/mirrors/upstream.ts",
    find: "if (isAwaited && isDown) deadlineAt",
    replace: "if (false) deadlineAt",
    breaks: "mirrors that all hang take every request's whole time",
    killedBy: [
      "mirroring/downloads/comeback_test.ts: mirrors that all hang take no client's whole time twice, even after their rest",
    ],
  },
  {
    file: "mirroring/mirrors/transfer_turns.ts",
    find: "await this.#untilRoom(until, signal);",
    replace: "",
    breaks: "a mirror carries any number of transfers",
    killedBy: ["mirroring/mirrors/room_test.ts"],
  },
  {
    file: "mirroring/mirrors/mirror_health.ts",
    find: "if (retryAfterMs !== null) {",
    replace: "if (false) {",
    breaks: "Retry-After is ignored",
    killedBy: [
      "mirroring/mirrors/mirror_health_test.ts: a mirror that requests to be left alone is, however well other transfers end",
    ],
  },
];
