import { createHash } from "node:crypto";
import { SHOW_REPOSITORY } from "../../api/repositories.ts";
import { reasonOf } from "../../errors.ts";
import { expandServer } from "../../formats/pacman/mirrorlist.ts";
import { readSyncDb, type SyncDbPackage } from "../../formats/pacman/sync_db.ts";
import { sha256Of } from "../../platform/files/file_digest.ts";
import { viewLayout } from "../../repositories/view.ts";
import type { ApiClient } from "../api_client.ts";
import { AdministrationError, EXIT_CODE } from "../errors.ts";
import { visible } from "../terminal_text.ts";
import type { TransferBar } from "../transfer_bar.ts";
import { ExportDirectory } from "./export_directory.ts";

/** The result of an export. */
export interface ExportReport {
  readonly repository: string;
  readonly architecture: string;
  readonly generation: number;
  readonly directory: string;
  readonly packages: number;
  /** Packages that were fetched, and their bytes. */
  readonly fetched: number;
  readonly bytes_fetched: number;
  /** Removed files of earlier exports. */
  readonly removed: number;
}

export interface ExportOptions {
  readonly repository: string;
  readonly directory: string;
  /** Null if the repository has only one. */
  readonly architecture: string | null;
  /** Whether files that no export wrote may be replaced. */
  readonly force: boolean;
  /** Whether to remove files of earlier exports that are no longer published. */
  readonly deletes: boolean;
}

interface ListedPackage extends SyncDbPackage {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Copies one generation of a repository into a directory like those of repo-add. Each file appears
 * as a whole, the database last, so that readers always find the packages it lists. Only the
 * database and its signature, being two files, cannot be replaced in one step.
 */
export async function exportRepository(
  client: ApiClient,
  options: ExportOptions,
  bar: TransferBar,
): Promise<ExportReport> {
  const origin = await findOrigin(client, options);
  const { packages, databases } = await origin.listing();
  const directory = await ExportDirectory.open(options.directory);
  const links = linksTo(databases.keys());
  const names = new Set([
    ...packages.flatMap(({ fileName }) => [fileName, `${fileName}.sig`]),
    ...databases.keys(),
    ...links.keys(),
  ]);
  const missing = await missingPackages(directory, packages);
  const signatures = await origin.signatures(packages);
  if (!options.force) await refuseForeign(directory, { missing, signatures, databases, links });
  await directory.announce(digestsOf({ packages, signatures, databases, links }));
  await fetchPackages(directory, missing, { origin, bar });
  for (const [name, bytes] of signatures) {
    if (!await directory.has(name, describe(bytes))) await directory.writeBytes(name, bytes);
  }
  for (const [name, bytes] of databases) {
    if (!await directory.has(name, describe(bytes))) await directory.writeBytes(name, bytes);
  }
  for (const [name, target] of links) {
    if (!await directory.isLink(name, target)) await directory.link(name, target);
  }
  const surplus = await directory.surplus(names);
  if (options.deletes) { for (const name of surplus) await directory.remove(name); }
  await directory.conclude(options.deletes ? [] : surplus);
  return {
    repository: options.repository,
    architecture: origin.architecture,
    generation: origin.generation,
    directory: options.directory,
    packages: packages.length,
    fetched: missing.length,
    bytes_fetched: missing.reduce((sum, { size }) => sum + size, 0),
    removed: options.deletes ? surplus.length : 0,
  };
}

/** The public view of one generation for one architecture. */
class Origin {
  readonly generation: number;
  readonly architecture: string;
  readonly #client: ApiClient;
  readonly #name: string;
  readonly #path: string;

  constructor(
    client: ApiClient,
    { name, generation, architecture, clientPath }: {
      name: string;
      generation: number;
      architecture: string;
      clientPath: string;
    },
  ) {
    this.#client = client;
    this.#name = name;
    this.generation = generation;
    this.architecture = architecture;
    this.#path = expandServer(viewLayout(clientPath, `${generation}`), name, architecture);
  }

  /** The packages, and the database files by their names in an export, each after its signature. */
  async listing() {
    const databases = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const kind of ["files", "db"] as const) {
      const signature = await this.#bytesOf(`${this.#name}.${kind}.sig`);
      if (signature !== null) databases.set(`${this.#name}.${kind}.tar.gz.sig`, signature);
      const bytes = await this.#bytesOf(`${this.#name}.${kind}`);
      if (bytes === null) throw this.#gone(`${this.#name}.${kind}`);
      databases.set(`${this.#name}.${kind}.tar.gz`, bytes);
    }
    const database = databases.get(`${this.#name}.db.tar.gz`)!;
    const { packages } = await readSyncDb(new Response(database).body!);
    return { packages: (packages ?? []).map((each) => this.#checked(each)), databases };
  }

  /** The existing signatures of packages, by signature file name. */
  async signatures(packages: readonly ListedPackage[]): Promise<Map<string, Uint8Array>> {
    const signatures = new Map<string, Uint8Array>();
    for (const { fileName } of packages) {
      const bytes = await this.#bytesOf(`${fileName}.sig`);
      if (bytes !== null) signatures.set(`${fileName}.sig`, bytes);
    }
    return signatures;
  }

  async open(fileName: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const body = (await this.#client.file(`${this.#path}/${fileName}`))?.body;
    if (body === undefined || body === null) throw this.#gone(fileName);
    return body;
  }

  async #bytesOf(fileName: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#client.file(`${this.#path}/${fileName}`);
    return response === null ? null : await response.bytes();
  }

  #checked(listed: SyncDbPackage): ListedPackage {
    const { size, sha256 } = listed;
    if (size !== null && sha256 !== null) return { ...listed, size, sha256 };
    throw new AdministrationError(
      EXIT_CODE.unsupported,
      `Cannot export ${visible(listed.fileName)}: the database lacks its size or SHA-256.`,
    );
  }

  #gone(fileName: string): AdministrationError {
    return new AdministrationError(
      EXIT_CODE.failure,
      `Cannot export ${visible(fileName)}: generation ${this.generation} of ` +
        `${visible(this.#name)} no longer has it. Export again.`,
    );
  }
}

async function findOrigin(client: ApiClient, options: ExportOptions): Promise<Origin> {
  const { repository: name } = options;
  const { repository } = await client.call(SHOW_REPOSITORY, { repository: name, limit: "1" });
  const { architectures, client_path: clientPath, generation } = repository;
  const fail = (reason: string) =>
    new AdministrationError(EXIT_CODE.failure, `Cannot export ${visible(name)}: ${reason}`);
  if (generation === null) throw fail("nothing has been published yet.");
  const [first = "", ...others] = architectures;
  const architecture = options.architecture ?? first;
  if (options.architecture === null && others.length > 0) {
    throw fail(`it has several architectures. Choose with --architecture ${first}.`);
  }
  if (!architectures.includes(architecture)) {
    throw fail(
      `it has no architecture ${visible(architecture)}, only ${architectures.join(", ")}.`,
    );
  }
  return new Origin(client, { name, generation, architecture, clientPath });
}

/** Links to the database files under the names that clients and repo-add use: target by name. */
function linksTo(names: Iterable<string>): Map<string, string> {
  const links = new Map<string, string>();
  for (const name of names) {
    links.set(name.replace(".tar.gz", ""), name);
    links.set(name.replace(".tar.gz", ".tar.zst"), name);
  }
  return links;
}

async function missingPackages(directory: ExportDirectory, packages: readonly ListedPackage[]) {
  const missing: ListedPackage[] = [];
  for (const each of packages) {
    if (!await directory.has(each.fileName, each)) missing.push(each);
  }
  return missing;
}

/** Throws, before anything is written, if that would replace a file that no export wrote. */
async function refuseForeign(
  directory: ExportDirectory,
  { missing, signatures, databases, links }: {
    missing: readonly ListedPackage[];
    signatures: ReadonlyMap<string, Uint8Array>;
    databases: ReadonlyMap<string, Uint8Array>;
    links: ReadonlyMap<string, string>;
  },
): Promise<void> {
  const foreign: string[] = [];
  for (const { fileName } of missing) {
    if (!await directory.isFree(fileName)) foreign.push(fileName);
  }
  for (const [name, bytes] of [...signatures, ...databases]) {
    const isFree = await directory.has(name, describe(bytes)) || await directory.isFree(name);
    if (!isFree) foreign.push(name);
  }
  for (const [name, target] of links) {
    const isFree = await directory.isLink(name, target) || await directory.isFree(name);
    if (!isFree) foreign.push(name);
  }
  if (foreign.length === 0) return;
  throw new AdministrationError(
    EXIT_CODE.failure,
    `Cannot export to ${visible(directory.path)}: no export wrote ${
      visible(foreign.join(", "))
    }, or it has changed since. ` +
      "Choose another directory, or replace it with --force. Nothing was written.",
  );
}

function digestsOf({ packages, signatures, databases, links }: {
  packages: readonly ListedPackage[];
  signatures: ReadonlyMap<string, Uint8Array>;
  databases: ReadonlyMap<string, Uint8Array>;
  links: ReadonlyMap<string, string>;
}): Map<string, string> {
  const digests = new Map(packages.map(({ fileName, sha256 }) => [fileName, sha256]));
  for (const [name, bytes] of [...signatures, ...databases]) {
    digests.set(name, describe(bytes).sha256);
  }
  for (const [name, target] of links) digests.set(name, digests.get(target)!);
  return digests;
}

async function fetchPackages(
  directory: ExportDirectory,
  packages: readonly ListedPackage[],
  { origin, bar }: { origin: Origin; bar: TransferBar },
): Promise<void> {
  bar.begin(packages.reduce((sum, { size }) => sum + size, 0));
  for (const { fileName, size, sha256 } of packages) {
    const content = bar.follow(fileName, await origin.open(fileName));
    await directory.write(fileName, content, async (path) => {
      const isRight = (await Deno.stat(path)).size === size && await sha256Of(path) === sha256;
      if (!isRight) throw new Error("the contents differ from the database's checksum");
    }).catch((error) => {
      if (error instanceof AdministrationError) throw error;
      throw new AdministrationError(
        EXIT_CODE.failure,
        `Cannot export ${visible(fileName)}: ${reasonOf(error)}. Run the export again: it ` +
          "continues with the missing files.",
        { cause: error },
      );
    });
  }
  bar.clear();
}

function describe(bytes: Uint8Array): { size: number; sha256: string } {
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
