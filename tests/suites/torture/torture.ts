/**
 * Every fault at once, drawn from a seed: `deno task torture`. Mirrors lie, clients misbehave, the
 * daemon is killed and its disk is damaged, while every answer is compared with the truth.
 */
import { parseArgs } from "@std/cli/parse-args";
import { delay } from "@std/async/delay";
import { TempFolder } from "../../support/temp_folder.ts";
import { recover } from "./calm.ts";
import { damageCache } from "./damage.ts";
import { Random } from "./random.ts";
import { underLoad } from "./round.ts";
import { Siege } from "./siege.ts";

const HELP = `deno task torture [--minutes N] [--kills N] [--seed N]

  --minutes N  how long to go on (default: 3)
  --kills N    the least number of kills, however long they take (default: 30)
  --seed N     repeats a run: the same faults, visits and damage are drawn, at the machine's pace
`;
const DEFAULT_SEED = 20261128;
const ROUNDS_TO_CALM = 6;
const LIFE_MS = { least: 100, most: 3_000 };

const { minutes, kills, seed, help } = parseArgs(Deno.args, {
  string: ["minutes", "kills", "seed"],
  boolean: ["help"],
  default: { minutes: "3", kills: "30", seed: String(DEFAULT_SEED) },
});
if (help) {
  console.log(HELP);
  Deno.exit(0);
}

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interruption.abort());
}

const startedAt = performance.now();
const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s`;
const write = (line: string) => console.log(line);

write(`torture with seed ${seed}; to repeat it: deno task torture --seed ${seed}`);
const random = new Random(Number(seed));
await using folder = await TempFolder.create("pkgstash-torture-");
await using siege = await Siege.prepare({ folder, random, write });
try {
  await rounds();
} catch (error) {
  if (!interruption.signal.aborted) siege.findings.add("the torture itself works", String(error));
}
report();

async function rounds(): Promise<void> {
  const endsAt = startedAt + Number(minutes) * 60_000;
  let killed = 0;
  for (let round = 1;; round++) {
    const draws = random.fork("round", round);
    await siege.start();
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, interruption.signal]);
    const load = underLoad(siege, draws, signal);
    await delay(draws.whole(LIFE_MS.least, LIFE_MS.most), { signal: interruption.signal });
    ended.abort();
    const isLast = performance.now() > endsAt && killed >= Number(kills);
    if (isLast || round % ROUNDS_TO_CALM === 0) {
      await load;
      await recover(siege);
      write(`${elapsed()}  round ${round}: recovered; ${state()}`);
    }
    if (isLast) break;
    await siege.kill();
    killed += 1;
    await load;
    const damage = await damageCache(siege, draws.fork("damage"));
    if (damage !== "none") write(`${elapsed()}  round ${round}: ${damage}`);
  }
  await siege.stop();
}

function state(): string {
  const { client, mirrors, repositories, maxRssBytes, starts } = siege;
  const replies = mirrors.reduce((sum, { requests }) => sum + requests, 0);
  const revisions = repositories.reduce((sum, { latest }) => sum + latest.number, 0);
  return `${starts} starts, ${client.answers} answers, ${replies} replies of mirrors, ` +
    `${revisions} revisions, at most ${Math.round(maxRssBytes / 1024 / 1024)} MiB`;
}

/** The last line is that of a test run, which .ci/run adds up. */
function report(): void {
  const { findings } = siege;
  const checks = [...findings.checked].toSorted(([a], [b]) => a < b ? -1 : 1);
  for (const [rule, count] of checks) write(`${String(count).padStart(8)} x ${rule}`);
  const broken = new Set(findings.all.map(({ rule }) => rule));
  for (const line of findings.summary()) write(`BROKEN ${line}`);
  write(state());
  if (interruption.signal.aborted) write("Interrupted, cleaned up.");
  const kept = checks.filter(([rule]) => !broken.has(rule)).length;
  const isGood = broken.size === 0;
  write(
    `${isGood ? "ok" : "FAILED"} | ${kept} passed | ${broken.size} failed (${elapsed().trim()})`,
  );
  if (interruption.signal.aborted) Deno.exitCode = 130;
  else Deno.exitCode = isGood ? 0 : 1;
}
