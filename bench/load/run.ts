import type { BenchmarkArguments, Choice } from "./arguments.ts";
import { binaryContestant, type Contestant, pkgstashContestant } from "./contestant.ts";
import { directContestant } from "./direct_peer.ts";
import type { Bed } from "./instance.ts";
import { LargeDatabase } from "./large_database.ts";
import { FRESH_FILES_PER_ROUND } from "./miss_scenarios.ts";
import { Mirror } from "./nginx.ts";
import { proxyCacheContestant, proxyStoreContestant, staticContestant } from "./nginx_peers.ts";
import { flexoContestant, pacolocoContestant } from "./other_peers.ts";
import { PacmanUpdate } from "./pacman_update.ts";
import { generateRepository } from "./repository.ts";
import { Results } from "./results.ts";
import { MEBIBYTE } from "./scenario.ts";
import { PEAK_MEMORY, ROUND_MEMORY } from "./scenarios.ts";
import { SlowMirrors } from "./slow_mirrors.ts";
import { Subject } from "./subject.ts";
import type { Workspace } from "./workspace.ts";

/** Starts everything, and measures round by round. */
export async function runBenchmark(
  workspace: Workspace,
  options: BenchmarkArguments,
  tell: (line: string) => void,
): Promise<Results> {
  const { choices, logLevel, rounds, warmsUp, loadSeconds, scale, scenarios } = options;
  const root = await workspace.makeFolder("repository");
  tell("writing the repository");
  // Round 0 is for warming up: compiled code, page cache, connections.
  const repository = await generateRepository(root, {
    rounds: rounds + 1,
    hugeMebibytes: scale.hugeMebibytes,
    filesPerRound: FRESH_FILES_PER_ROUND,
  });
  const mirror = await Mirror.start(workspace, root, repository.small);
  using slowMirrors = await SlowMirrors.start(mirror.port);
  const bed: Bed = {
    workspace,
    repository,
    mirrorPort: mirror.port,
    slowMirrors,
    update: await PacmanUpdate.create(workspace, root, scale.updatedPackages),
    largeDatabase: await LargeDatabase.create(root, scale.databasePackages),
    body: new Uint8Array(repository.big.payload.size),
  };
  const contestants = choices.map((choice) => contestantOf(choice, { logLevel, root }));
  const results = new Results();
  const subjects: Subject[] = [];
  for (const contestant of contestants) {
    tell(`starting ${contestant.name}`);
    try {
      subjects.push(await Subject.start(contestant, bed));
    } catch (error) {
      if (workspace.isClosed) throw error;
      results.fail({ subject: contestant.name, scenario: null, round: 0 }, error);
    }
  }

  const peaks = new Map<Subject, number>();
  for (const [number, fresh] of repository.fresh.entries()) {
    const isWarmUp = number === 0;
    if (isWarmUp && !warmsUp) continue;
    const round = { bed, mirror, fresh, loadSeconds: isWarmUp ? 1 : loadSeconds };
    for (const scenario of scenarios) {
      const { name, measures, run, isOfNewInstances = false } = scenario;
      if (isWarmUp && isOfNewInstances) continue;
      tell(`${isWarmUp ? "warming up" : `round ${number} of ${rounds}`}: ${name}`);
      for (const subject of inOrderOf(number, subjects)) {
        if (!subject.takesPartIn(scenario)) continue;
        try {
          const figures = await run(subject, round);
          if (isWarmUp) continue;
          for (const [index, measure] of measures.entries()) {
            const figure = figures[index] ?? null;
            if (figure !== null) results.add(measure, subject.name, number, figure);
          }
        } catch (error) {
          if (workspace.isClosed) throw error;
          results.fail({ subject: subject.name, scenario, round: number }, error);
        }
      }
    }
    for (const subject of subjects) {
      const mebibytes = subject.takePeakResidentBytes() / MEBIBYTE;
      peaks.set(subject, Math.max(mebibytes, peaks.get(subject) ?? 0));
      if (!isWarmUp) results.add(ROUND_MEMORY, subject.name, number, mebibytes);
    }
  }
  for (const [subject, mebibytes] of peaks) {
    results.add(PEAK_MEMORY, subject.name, 1, mebibytes);
  }
  return results;
}

/** What was chosen, ready to be started; `root` is the mirror's directory. */
function contestantOf(
  choice: Choice,
  { logLevel, root }: { logLevel: string; root: string },
): Contestant {
  const { name } = choice;
  switch (choice.kind) {
    case "checkout":
      return pkgstashContestant(name, choice.path, { logLevel });
    case "direct":
      return directContestant(name, choice.path, { logLevel });
    case "binary":
      return binaryContestant(name, choice.path, { logLevel });
    case "proxy_cache":
      return proxyCacheContestant(name);
    case "proxy_store":
      return proxyStoreContestant(name);
    case "static":
      return staticContestant(name, root);
    case "pacoloco":
      return pacolocoContestant(name, choice.path);
    case "flexo":
      return flexoContestant(name, choice.path);
  }
}

/** In each round another subject is the first, and after all have been, another one follows each. */
function inOrderOf<T>(round: number, subjects: readonly T[]): readonly T[] {
  const start = round % subjects.length;
  const rotated = [...subjects.slice(start), ...subjects.slice(0, start)];
  const isForward = Math.floor(round / subjects.length) % 2 === 0;
  return isForward ? rotated : rotated.toReversed();
}
