/**
 * Faults put into the source on purpose, each of which its tests must notice: `deno task mutants`.
 * The argument, if any, is a part of the file names to try.
 */
import { join } from "@std/path";
import { TempFolder } from "../support/temp_folder.ts";
import { MUTANTS } from "./list.ts";
import { fileAndName, type Mutant } from "./mutant.ts";
import { TreeCopy } from "./tree_copy.ts";

/** Two at a time on any machine, so that the tests' timing is about the same everywhere. */
const COPIES = 2;
/** Shares of the tests without a mutant, so that the copies are done at about the same time. */
const SHARES = 10;

const [part = ""] = Deno.args;
const wanted = MUTANTS.filter(({ file }) => file.includes(part));
const failures: string[] = [];
let killed = 0;

await using folder = await TempFolder.create("pkgstash-mutants-");
const copies = await Promise.all(
  Array.from({ length: COPIES }, (_, index) => TreeCopy.make(folder.join(String(index)))),
);
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => {
    for (const copy of copies) copy.kill();
    Deno.removeSync(folder.path, { recursive: true });
    Deno.exit(130);
  });
}

// Tests that fail anyway would kill everything.
const tests = [...new Set(wanted.flatMap(({ killedBy }) => killedBy))];
const files = [...new Set(tests.map((test) => fileAndName(test).file))];
const shares = Array.from(
  { length: SHARES },
  (_, share) => tests.filter((test) => files.indexOf(fileAndName(test).file) % SHARES === share),
);
await Promise.all(copies.map(async (copy) => {
  for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
    await copy.requireSound(share).catch((error: Error) => failures.push(error.message));
  }
}));
if (failures.length === 0) {
  const left = [...wanted];
  await Promise.all(copies.map(async (copy) => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      await tryOne(copy, mutant);
    }
  }));
}

for (const failure of failures) console.log(failure);
const verdict = failures.length === 0 ? "ok" : "FAILED";
console.log(`${verdict} | ${killed} passed | ${failures.length} failed`);
Deno.exitCode = failures.length === 0 ? 0 : 1;

async function tryOne(copy: TreeCopy, mutant: Mutant): Promise<void> {
  const what = `src/${mutant.file}: ${mutant.breaks}`;
  try {
    if (await copy.try(mutant) === "killed") {
      killed += 1;
      console.log(`killed    ${what}`);
      return;
    }
    failures.push(`SURVIVED  ${what}\n  not noticed by ${mutant.killedBy.map(pathOf).join(", ")}`);
  } catch (error) {
    failures.push(`NOT TRIED ${what}\n  ${(error as Error).message}`);
  }
  console.log(failures.at(-1));
}

function pathOf(test: string): string {
  return join("tests/unit", test);
}
