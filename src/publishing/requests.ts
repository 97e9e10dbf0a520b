import { PkgstashError } from "../errors.ts";
import type { SnapshotMember } from "../formats/pacman/repository_file_name.ts";
import { HotFiles } from "../repositories/hot_files.ts";
import { type Client, Leases } from "../repositories/leases.ts";
import type {
  PackageFile,
  Repository,
  RepositoryFile,
  SnapshotFile,
} from "../repositories/repository.ts";
import type { PublishedView, View } from "../repositories/view.ts";
import { sendFile } from "../repositories/send_file.ts";
import { databaseName } from "./databases.ts";
import { changedSince, type Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PublishedPackage } from "./published_package.ts";

/** Total size of the files in memory, in bytes. */
const MAX_BYTES_IN_MEMORY = 16 * 1024 ** 2;

/** A client's request for a file of a repository, in its current state or in a view. */
export interface Asked<File extends RepositoryFile, V extends View = PublishedView> {
  readonly own: OwnRepository;
  readonly file: File;
  readonly view: V | null;
  readonly request: Request;
  readonly client: Client;
}

/**
 * Answers requests for files of own repositories from the generation being served. A client that
 * has begun to sync gets the signatures and packages of the generation with which it began.
 */
export class OwnRequests implements AsyncDisposable {
  readonly #leases = new Leases<Generation>();
  readonly #hot = new HotFiles(MAX_BYTES_IN_MEMORY);

  async respond(asked: Asked<RepositoryFile, View>): Promise<Response> {
    const { file, view, own } = asked;
    const response = view !== null && "isWaiting" in view
      ? await sendWaiting(asked)
      : file.kind === "snapshot"
      ? await this.#snapshot({ ...asked, file, view })
      : await this.#package({ ...asked, file, view });
    if (response !== null) return response;
    const { name } = own.settings;
    const has = view === null ? `${name} does not have it` : `${name}@${view.text} did not have it`;
    throw new PkgstashError("not_found", `Cannot get ${file.fileName}: the repository ${has}.`);
  }

  async #snapshot(asked: Asked<SnapshotFile>): Promise<Response | null> {
    const { own, file, view, client } = asked;
    const key = leaseKey(file, file.member, view);
    const current = view === null ? await own.current() : await own.generationIn(view);
    if (current === null) return null;
    if (isSignature(file.member)) {
      const leased = await this.#leases.of(client, key);
      const pair = leased === null ? null : await this.#sendMember(asked, leased);
      return pair ?? await this.#sendMember(asked, current);
    }
    const response = await this.#sendMember(asked, current);
    if (response !== null) {
      this.#leases.grant(client, key, Promise.resolve(current));
    }
    return response;
  }

  async #package(asked: Asked<PackageFile>): Promise<Response | null> {
    const { own, file, request, view, client } = asked;
    const leased = await this.#leases.of(client, leaseKey(file, "db", view));
    const published = view === null
      ? await meaningOf(file, own, leased)
      : await meaningIn(view, file, own, leased);
    if (published === null || !isFor(published, file.repository)) return null;
    const isPackage = file.kind === "package";
    return await this.#hot.sendOrRecall(request, file, {
      path: isPackage ? own.packages.pathOf(published) : own.packages.signatureOf(published),
      fileName: file.fileName,
      status: "HIT",
      expectedSize: isPackage ? published.size : null,
    });
  }

  async #sendMember(
    { own, file, request }: Asked<SnapshotFile>,
    generation: Generation,
  ): Promise<Response | null> {
    const name = databaseName(file.repository.architecture, file.member);
    const member = generation.files[name];
    if (member === undefined) return null;
    return await this.#hot.sendOrRecall(request, file, {
      path: own.pathIn(generation, name),
      fileName: file.fileName,
      status: "HIT",
      expectedSize: member.size,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hot[Symbol.asyncDispose]();
  }
}

/**
 * The package that a file name means: in the generation with which the client began, else in the
 * one being served, else in the latest kept one that had it.
 */
async function meaningOf(
  { fileName }: PackageFile,
  own: OwnRepository,
  leased: Generation | null,
): Promise<PublishedPackage | null> {
  const name = fileName.replace(/\.sig$/, "");
  const history = await own.history();
  const served = () => own.find(name);
  const replaced = () =>
    history.toReversed().flatMap(({ changes }) => changes)
      .find(({ from }) => from?.fileName === name)?.from;
  const former = async () => (await own.former()).find(({ fileName }) => fileName === name);
  return (leased === null ? null : changedSince(leased.number, history, name)) ??
    await served() ?? replaced() ?? await former() ?? null;
}

/**
 * Like `meaningOf`, for a file in a view: the generation that it shows, or showed to this client.
 */
async function meaningIn(
  view: PublishedView,
  { fileName }: PackageFile,
  own: OwnRepository,
  leased: Generation | null,
): Promise<PublishedPackage | null> {
  const name = fileName.replace(/\.sig$/, "");
  const shown = await own.generationIn(view);
  const began = leased === null || leased.number === shown.number
    ? null
    : await own.findIn(leased, name).catch(() => null);
  return began ?? await own.findIn(shown, name);
}

function isFor({ architecture }: PublishedPackage, repository: Repository): boolean {
  return architecture === "any" || architecture === repository.architecture;
}

/** Sends a database or package that awaits its signature, to whoever signs it. */
async function sendWaiting(
  { own, file, request }: Asked<RepositoryFile, View>,
): Promise<Response | null> {
  const waiting = await own.waiting();
  const name = file.kind === "snapshot"
    ? databaseName(file.repository.architecture, file.member)
    : file.fileName;
  const database = waiting?.files.find((each) => each.name === name);
  const published = waiting?.draft.packages.find(({ fileName }) => fileName === name);
  const path = database?.path ?? (published === undefined ? null : own.packages.pathOf(published));
  if (path === null) return null;
  return await sendFile(request, { path, fileName: file.fileName, status: "HIT" });
}

function isSignature(member: SnapshotMember): boolean {
  return member.endsWith(".sig");
}

/** What a lease covers: a database or file list, and its signature. */
function leaseKey(
  { repository }: RepositoryFile,
  member: SnapshotMember,
  view: View | null,
): string {
  const shown = view === null ? "" : `@${view.text}`;
  return `${repository.directory}${shown}/${member.replace(/\.sig$/, "")}`;
}
