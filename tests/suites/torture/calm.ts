import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { metricsOf } from "../../support/daemon_metrics.ts";
import { sha256Of } from "../../support/sha256.ts";
import type { Answer } from "../../support/http_exchange.ts";
import type { Siege } from "./siege.ts";
import type { TrueRepository } from "./world.ts";

/** Within this time after all faults have ended, everything is right. */
const RECOVERY_MS = 45_000;
const RETRY_MS = 250;
const CONCURRENCY = 6;

/** Ends all faults, and checks that everything that is asked for is served right soon. */
export async function recover(siege: Siege): Promise<void> {
  const startedAt = performance.now();
  siege.makePeace();
  const until = startedAt + RECOVERY_MS;
  await refresh(siege, until);
  // The first one may have joined what began before; the second one asks honest mirrors only.
  await untilQuiet(siege, until);
  await refresh(siege, until);
  for (const repository of siege.repositories) {
    await database(siege, repository, until);
  }
  await verify(siege);
  for (const repository of siege.repositories) {
    const files = [...repository.latest.files.values()];
    await inParallel(files, async (listed) => {
      const path = repository.path(listed.fileName);
      await rightAnswer(siege, { path, until, sha256: listed.content.sha256 });
      const sha256 = sha256Of(listed.content.signature(listed.signing));
      await rightAnswer(siege, { path: `${path}.sig`, until, sha256 });
    });
  }
  await untilQuiet(siege, until);
  await siege.client.administer("POST", "cleanup");
  await checkTree(siege);
  const took = ((performance.now() - startedAt) / 1000).toFixed(1);
  siege.write(`  recovered within ${took} s; ${siege.account()}`);
}

/** A refresh by the administrator; another one may be in progress. */
async function refresh(siege: Siege, until: number): Promise<void> {
  let answer: Answer | null = null;
  while (performance.now() < until) {
    answer = await siege.client.administer("POST", "refresh");
    if (answer?.status === 200 && !answer.text.includes('"event":"failed"')) break;
    await delay(RETRY_MS);
  }
  siege.findings.check(
    "after all faults, a refresh succeeds",
    answer?.status === 200 && !answer.text.includes('"event":"failed"'),
    () => `${answer?.status} ${answer?.text.slice(-500)}`,
  );
}

/** Sets rotten files aside and fetches them anew. */
async function verify({ client, findings, rotten }: Siege): Promise<void> {
  const answer = await client.administer("POST", "verify?repair=true");
  rotten.clear();
  findings.check(
    "after all faults, a verification repairs what is rotten",
    answer?.status === 200 && !/"event":"failed"/.test(lastLine(answer)),
    () => `${answer?.status} ${answer?.text.slice(-500)}`,
  );
}

function lastLine({ text }: Answer): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

async function database(siege: Siege, repository: TrueRepository, until: number): Promise<void> {
  const { latest } = repository;
  const path = repository.path(repository.dbName);
  await rightAnswer(siege, { path, until, sha256: latest.sha256 });
  repository.shown = latest.number;
  if (repository.isEmbedded) return;
  await rightAnswer(siege, { path: `${path}.sig`, until, sha256: sha256Of(latest.dbSignature) });
}

interface Expected {
  readonly path: string;
  readonly sha256: string;
  readonly until: number;
}

async function rightAnswer(siege: Siege, { path, sha256, until }: Expected): Promise<void> {
  let answer: Answer | null = null;
  let isRight = false;
  do {
    answer = await siege.client.ask(path);
    isRight = answer?.status === 200 && answer.isComplete && sha256Of(answer.body) === sha256;
    if (!isRight) await delay(RETRY_MS);
  } while (!isRight && performance.now() < until);
  siege.findings.check(
    "after all faults, everything is served right",
    isRight,
    () => `${path}: ${answer === null ? "no whole answer" : accountOf(answer)}`,
  );
}

function accountOf({ status, headers, body, text }: Answer): string {
  const begin = status === 200 ? "" : `, ${text.slice(0, 200)}`;
  return `${status}, ${body.length} bytes, X-Cache: ${headers.get("x-cache")}${begin}`;
}

async function untilQuiet(siege: Siege, until: number): Promise<void> {
  let inFlight: number | undefined;
  do {
    inFlight = (await metricsOf(siege.client.origin)).get("pkgstash_downloads_in_flight");
    if (inFlight !== 0) await delay(RETRY_MS);
  } while (inFlight !== 0 && performance.now() < until);
  siege.findings.check(
    "after all faults, no download remains",
    inFlight === 0,
    () => `${inFlight} downloads are in flight`,
  );
}

/** After quiet and a cleanup, the tree holds whole files that are right, and no leftovers. */
async function checkTree({ cacheRoot, repositories, findings }: Siege): Promise<void> {
  const state = join(cacheRoot, ".pkgstash");
  const parts = join(state, "parts");
  for (const path of await filesBelow(parts)) {
    // A sidecar alone is what a kill left; it goes after a day. What clients left midway and nobody
    // lists any more may still be asked for.
    if (!path.endsWith(".part")) continue;
    const file = path.slice(parts.length).replace(/(\.sig)?\.part$/, "");
    const isCurrent = repositories.some(({ directory, latest }) =>
      latest.files.has(file.slice(directory.length + 1)) && file.startsWith(directory)
    );
    findings.check("no part of a whole file is left behind", !isCurrent, () => path);
  }
  for (const repository of repositories) {
    const directory = join(cacheRoot, repository.directory);
    for (const path of await filesBelow(directory)) {
      const name = path.slice(directory.length + 1);
      const listed = repository.latest.files.get(name.replace(/\.sig$/, ""));
      if (listed === undefined) continue;
      const sha256 = sha256Of(await Deno.readFile(path));
      const right = name.endsWith(".sig")
        ? sha256Of(listed.content.signature(listed.signing))
        : listed.content.sha256;
      findings.check("every current file in the cache is right", sha256 === right, () => path);
    }
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      const path = join(directory, name);
      if (isDirectory) found.push(...await filesBelow(path));
      else found.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  }));
}
