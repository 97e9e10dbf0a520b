import type { Mutant } from "../mutant.ts";

/** Prefetch and the refresh cycle. */
export const REFRESH: readonly Mutant[] = [
  {
    file: "mirroring/prefetch/prefetch_plan.ts",
    find: "&& !needsPending(target.entry)",
    replace: "",
    breaks: "a wish of an earlier plan is forgotten while what needs it is unchanged",
    killedBy: ["mirroring/prefetch/prefetch_plan_test.ts"],
  },
  {
    file: "mirroring/prefetch/pacing.ts",
    find: "clients.lastAskedAt + YIELD_MS",
    replace: "clients.lastAskedAt + YIELD_MS * 100",
    breaks: "a client's slow transfer holds prefetching",
    killedBy: ["mirroring/prefetch/pacing_test.ts"],
  },
  {
    file: "mirroring/prefetch/pacing.ts",
    find: "MAX_YIELD_MS - this.#yieldedMs",
    replace: "Infinity",
    breaks: "busy clients hold a refresh for ever",
    killedBy: ["mirroring/prefetch/pacing_test.ts"],
  },
  {
    file: "mirroring/prefetch/patience.ts",
    find: "if (received < MIN_BYTES)",
    replace: "if (received < 0)",
    breaks: "a trickling prefetch holds the refresh",
    killedBy: [
      "mirroring/prefetch/prefetch_run_test.ts: a prefetch that is too slow is abandoned, and the others are fetched",
    ],
  },
  {
    file: "mirroring/prefetch/prefetch_run.ts",
    find: "this.#slowInARow >= MAX_SLOW_IN_A_ROW",
    replace: "false",
    breaks: "every file of a slow mirror is waited for",
    killedBy: [
      "mirroring/prefetch/prefetch_run_test.ts: after three slow files in a row, the rest is postponed",
    ],
  },
  {
    file: "mirroring/refresh/refresh_cycle.ts",
    find: "failed === 0 || failed < repositories.length",
    replace: "failed === 0",
    breaks: "one repository that fails makes every start refresh again",
    killedBy: [
      "mirroring/refresh/refresh_cycle_test.ts: a cycle in which a database fails does everything else, and fails in the end",
    ],
  },
  {
    file: "mirroring/refresh/refresh_cycle.ts",
    find: "while (this.#running !== null)",
    replace: "while (false)",
    breaks: "a refresh that is due while another one runs is left out",
    killedBy: [
      "mirroring/refresh/refresh_cycle_test.ts: a cycle in turn runs after the one that is running, whether that succeeds or fails",
    ],
  },
  {
    file: "mirroring/refresh/refresh_cycle.ts",
    find: "if (await this.#options.snapshots.vanishedSince(repository) !== null) return null;",
    replace: "",
    breaks: "a repository that is gone for good makes every refresh fail",
    killedBy: [
      "mirroring/refresh/refresh_cycle_test.ts: a cycle succeeds without a repository that is gone for good, and reports it",
    ],
  },
  {
    file: "mirroring/refresh/refresh_schedule.ts",
    find: "this.#waiting ??=",
    replace: "this.#waiting =",
    breaks: "refreshes that wait for their turn pile up",
    killedBy: ["mirroring/refresh/refresh_schedule_test.ts"],
  },
];
