import { PkgstashError, reasonOf } from "../errors.ts";
import { KeyReader } from "../config/key_reader.ts";
import { type OwnRepositoryConfig, readOwnRepository } from "../config/own_repositories.ts";
import { formatProblem } from "../config/problem.ts";
import { statIfPresent, writeFileDurably } from "../platform/files/durable.ts";
import { directoriesIfPresent } from "../platform/files/plain_directory.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { StateLayout } from "./state_layout.ts";

const log = eventLogger("publishing");

/** The repositories that `repo create` created: those with a `repository.json`. */
export async function readCreated(layout: StateLayout): Promise<OwnRepositoryConfig[]> {
  const created: OwnRepositoryConfig[] = [];
  for (const name of await directoriesIfPresent(layout.repositories)) {
    const path = layout.repository(name).settings;
    if (await statIfPresent(path) === null) continue;
    try {
      created.push(repositoryOf(name, JSON.parse(await Deno.readTextFile(path))));
    } catch (error) {
      log.error("cannot read how a repository was created", { path, reason: reasonOf(error) });
    }
  }
  return created;
}

/** Records a repository. `table` has the keys of its table in the configuration. */
export async function recordCreated(
  layout: StateLayout,
  name: string,
  table: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = layout.repository(name).settings;
  await writeFileDurably(path, `${JSON.stringify(table, null, 2)}\n`);
}

/**
 * Parses a repository of this name from the keys of its table.
 *
 * @throws PkgstashError `invalid_request` with every problem.
 */
export function repositoryOf(
  name: string,
  table: Readonly<Record<string, unknown>>,
): OwnRepositoryConfig {
  const reader = new KeyReader("the repository", "/");
  const repository = readOwnRepository(reader, name, table);
  if (repository !== null && reader.problems.length === 0) return repository;
  const problems = reader.problems.map(formatProblem).join("; ");
  throw new PkgstashError("invalid_request", `Cannot create the repository: ${problems}.`);
}
