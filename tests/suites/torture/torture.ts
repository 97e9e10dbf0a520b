/**
 * Every fault at once, drawn from a seed: `deno task torture`. Mirrors lie, clients misbehave, the
 * daemon is killed, its disk is damaged and its clock jumps, while every answer is compared with the
 * truth.
 */
import { parseArgs } from "@std/cli/parse-args";
import { jumpingClock } from "./clocks.ts";
import { smallDisk, vanishingCache } from "./disks.ts";
import { Findings } from "./findings.ts";
import { kills } from "./kills.ts";
import { Random } from "./random.ts";
import type { Scene } from "./run.ts";

const HELP = `deno task torture [--minutes N] [--kills N] [--seed N] [--only TEXT]

  --minutes N  how long to go on (default: 2.5)
  --kills N    the least number of kills, however long they take (default: 30)
  --seed N     repeats a run: the same faults, visits and damage are drawn, at the machine's pace
  --only TEXT  plays only the scenes whose name contains the text
`;
const DEFAULT_SEED = 20261128;
const SCENES: readonly Scene[] = [kills, smallDisk, vanishingCache, jumpingClock];

const options = parseArgs(Deno.args, {
  string: ["minutes", "kills", "seed", "only"],
  boolean: ["help"],
  default: { minutes: "2.5", kills: "30", seed: String(DEFAULT_SEED), only: "" },
});
if (options.help) {
  console.log(HELP);
  Deno.exit(0);
}

const interruption = new AbortController();
const { signal } = interruption;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => interruption.abort());
}

const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1000);
const write = (line: string) => console.log(`${String(seconds()).padStart(4)} s  ${line}`);
const findings = new Findings(write);
const random = new Random(Number(options.seed));
let killed = 0;
// The scene goes on to its end, so that nothing is left behind.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  findings.add("the torture itself works", textOf(event.reason));
});

const repeat = `deno task torture --seed ${options.seed} --minutes ${options.minutes}`;
write(`seed ${options.seed}; to repeat this run: ${repeat}`);
for (const scene of SCENES) {
  if (signal.aborted || !scene.name.includes(String(options.only))) continue;
  const obstacle = await scene.obstacle();
  if (obstacle !== null) {
    write(`NOT PLAYED, because ${obstacle}: ${scene.name}`);
    continue;
  }
  write(scene.name);
  try {
    await scene.play({
      random: random.fork(scene.name),
      endsAt: performance.now() + Number(options.minutes) * 60_000 * scene.part,
      kills: Number(options.kills),
      signal,
      findings,
      write,
      killed: () => killed += 1,
    });
  } catch (error) {
    if (!signal.aborted) findings.add("the torture itself works", textOf(error));
  }
}
report();
Deno.exit(signal.aborted ? 130 : findings.all.length === 0 ? 0 : 1);

function textOf(error: unknown): string {
  if (!(error instanceof SuppressedError)) return String((error as Error)?.stack ?? error);
  return `${textOf(error.suppressed)}; then ${textOf(error.error)}`;
}

/** The last line is that of a test run, which .ci/run adds up. */
function report(): void {
  for (const line of findings.counts()) console.log(line);
  for (const line of findings.summary()) console.log(`BROKEN ${line}`);
  console.log(`${killed} kills`);
  if (signal.aborted) console.log("Interrupted, cleaned up.");
  const { kept, broken } = findings.verdict();
  const verdict = broken === 0 ? "ok" : "FAILED";
  console.log(`${verdict} | ${kept} passed | ${broken} failed (${seconds()}s)`);
}
