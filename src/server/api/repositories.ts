import {
  ABANDON_UPLOAD,
  CREATE_REPOSITORY,
  DISCARD_WAITING,
  type GenerationReport,
  LIST_REPOSITORIES,
  OPEN_UPLOAD,
  type OwnPackageReport,
  PROMOTE_PACKAGES,
  PUBLISH_KEYRING,
  PUBLISH_UPLOAD,
  REMOVE_PACKAGES,
  type RepositoryReport,
  ROLL_BACK,
  SHOW_HISTORY,
  SHOW_REPOSITORY,
  SHOW_WAITING,
  SIGN_WAITING,
  UPLOAD_FILE,
  VERIFY_REPOSITORY,
  type WaitingFileReport,
} from "../../api/repositories.ts";
import type { Principal } from "../../administration/principal.ts";
import type { Endpoint } from "../../api/endpoint.ts";
import { pageOf } from "../../api/paging.ts";
import { expandServer } from "../../formats/pacman/mirrorlist.ts";
import type { WaitingFile } from "../../publishing/waiting_publication.ts";
import { viewLayout, WAITING } from "../../repositories/view.ts";
import type { Config } from "../../config/config.ts";
import { packageMatcher } from "../../formats/pacman/package_pattern.ts";
import type { Generation, PackageChange } from "../../publishing/generation.ts";
import type { OwnRepository } from "../../publishing/own_repository.ts";
import type { Uploader } from "../../publishing/uploads.ts";
import type { PublishedPackage } from "../../publishing/published_package.ts";
import type { UploadResult } from "../../publishing/staged_packages.ts";
import { type Call, handle, type Route } from "./route.ts";
import { timestamp } from "./timestamp.ts";

export const repositoryRoutes: readonly Route[] = [
  handle(LIST_REPOSITORIES, async ({ query, publishing }) => {
    const keyOf = ({ settings }: OwnRepository) => settings.name;
    const { page, next } = pageOf(publishing.repositories, { ...query, keyOf });
    return { repositories: await Promise.all(page.map(repositoryReport)), next };
  }),
  handle(CREATE_REPOSITORY, async ({ body: { name, ...keys }, publishing, principal, note }) => {
    const table = Object.fromEntries(
      Object.entries(keys).filter(([, value]) => value !== undefined),
    );
    const created = await publishing.create(name, table, nameOf(principal));
    note({ repository: name });
    return { ...await repositoryReport(created), configuration: created.configuration };
  }),
  handle(SHOW_REPOSITORY, async ({ path, query: { name, ...query }, publishing }) => {
    const own = publishing.repository(path.repository);
    const published = await own.published();
    const matching = name === undefined ? published : published.filter(packageMatcher([name]));
    const keyOf = (each: PublishedPackage) => `${each.name} ${each.architecture}`;
    const { page, next } = pageOf(matching, { ...query, keyOf });
    return {
      repository: await repositoryReport(own),
      packages: page.map(packageReport),
      next,
    };
  }),
  handle(OPEN_UPLOAD, async ({ path, publishing, config, principal }) => ({
    upload: await publishing.uploads.open(
      await publishing.repositoryToChange(path.repository),
      uploaderOf(principal, config),
    ),
  })),
  handle(UPLOAD_FILE, async ({ path: { repository, upload, file }, body, publishing }) => {
    const own = publishing.repository(repository);
    const received = await publishing.uploads.put(own, upload, { fileName: file, body });
    return { package: received === null ? null : packageReport(received) };
  }),
  handle(PUBLISH_UPLOAD, async ({ path, body: consent, publishing, principal, note }) => {
    const own = publishing.repository(path.repository);
    const cause = { consent, by: nameOf(principal) };
    return await noted(note, own, await publishing.uploads.publish(own, path.upload, cause));
  }),
  handle(ABANDON_UPLOAD, async ({ path: { repository, upload }, publishing }) => {
    await publishing.uploads.abandon(publishing.repository(repository), upload);
  }),
  handle(PROMOTE_PACKAGES, async ({ path, body, publishing, principal, note }) => {
    const { packages: names, to, move, force, ...consent } = body;
    const by = nameOf(principal);
    const from = path.repository;
    const moving = move ? { force } : null;
    const promoted = await publishing.promote({ from, to, names, consent, move: moving, by });
    return await noted(note, publishing.repository(to), promoted);
  }),
  handle(
    REMOVE_PACKAGES,
    async ({ path, body: { packages, force }, publishing, principal, note }) => {
      const by = nameOf(principal);
      const removed = await publishing.remove(path.repository, { names: packages, force, by });
      return await noted(note, publishing.repository(path.repository), removed);
    },
  ),
  handle(VERIFY_REPOSITORY, async ({ path, publishing }) => {
    const { packages, bytes, faults } = await publishing.verify(path.repository);
    return { packages, bytes, faults: [...faults] };
  }),
  handle(
    PUBLISH_KEYRING,
    async ({ path, publishing, principal, note }) => {
      const published = await publishing.publishKeyring(path.repository, nameOf(principal));
      return await noted(note, publishing.repository(path.repository), published);
    },
  ),
  handle(SHOW_HISTORY, async ({ path, query: { limit, before }, publishing }) => {
    const history = await publishing.repository(path.repository).history();
    const matching = history.filter(({ number }) => number < before).toReversed();
    const page = matching.slice(0, limit);
    return {
      generations: page.map(generationReport),
      next: page.length < matching.length ? page.at(-1)!.number : null,
    };
  }),
  handle(ROLL_BACK, async ({ path, body, publishing, principal, note }) => {
    const own = await publishing.repositoryToChange(path.repository);
    const generation = await own.rollback(body.generation, nameOf(principal));
    return await noted(note, own, { generation });
  }),
  handle(SHOW_WAITING, async ({ path, publishing }) => {
    const own = publishing.repository(path.repository);
    const waiting = await own.waiting();
    return {
      by: waiting?.draft.by ?? null,
      action: waiting?.draft.action ?? null,
      files: (waiting?.files ?? []).map((file) => waitingReport(file, own)),
    };
  }),
  handle(SIGN_WAITING, async ({ path: { repository, file }, body, publishing, note }) => {
    const generation = await publishing.sign(repository, { fileName: file, body });
    return await noted(note, publishing.repository(repository), { generation });
  }),
  handle(DISCARD_WAITING, async ({ path, publishing, note }) => {
    const own = await publishing.repositoryToChange(path.repository);
    const { by, action, changes } = await own.discardWaiting();
    const discarded = { by, action, changes: changes.map(changeReport) };
    note({ repository: own.settings.name, discarded });
    return discarded;
  }),
];

async function repositoryReport(own: OwnRepository): Promise<RepositoryReport> {
  const { name, architectures, clientPath, signing } = own.settings;
  const current = await own.current();
  const packages = await own.published();
  return {
    name,
    architectures: [...architectures],
    client_path: clientPath,
    signing,
    generation: current?.number ?? null,
    published_at: current === null ? null : timestamp(current.publishedAt),
    packages: packages.length,
    bytes: packages.reduce((sum, { size }) => sum + size, 0),
  };
}

function packageReport(published: PublishedPackage): OwnPackageReport {
  const { name, version, architecture, fileName, size, sha256, addedAt } = published;
  return {
    ...{ name, version, architecture, sha256 },
    file: fileName,
    bytes: size,
    added_at: timestamp(addedAt),
  };
}

/** Whose limits apply to an upload; an administrator has none. */
function uploaderOf(principal: Principal | null, config: Config): Uploader | null {
  if (principal === null || principal.purpose === "administrator") return null;
  const { maxOpenUploads: maxUploads, maxUploadBytes: maxBytes } = config;
  return { name: principal.name, maxUploads, maxBytes };
}

/** The author to record in a repository's history. */
export function nameOf(principal: Principal | null): string {
  return principal?.name ?? "anyone";
}

/** Reports a publication, and adds it to its audit log event. */
async function noted(
  note: Call<Endpoint>["note"],
  own: OwnRepository,
  publication: Parameters<typeof publicationReport>[0],
) {
  const waiting = ((await own.waiting())?.files ?? []).filter(({ isSigned }) => !isSigned).length;
  const report = publicationReport(publication);
  const { generation, debug } = report;
  const { name } = own.settings;
  note({
    repository: name,
    generation: generation?.number ?? null,
    changes: generation?.changes ?? [],
  });
  if (debug !== undefined) note({ debug });
  return { ...report, waiting };
}

/** A database is named after the repository for clients, and after the architecture here. */
function waitingReport(
  { name, size, sha256, isSigned }: WaitingFile,
  { settings, repositories }: OwnRepository,
): WaitingFileReport {
  const dot = name.lastIndexOf(".");
  const database = repositories.find(({ architecture }) => architecture === name.slice(0, dot));
  const { architecture, fileName } = database === undefined
    ? { architecture: settings.architectures[0] ?? "", fileName: name }
    : { architecture: database.architecture, fileName: `${settings.name}${name.slice(dot)}` };
  const layout = viewLayout(settings.clientPath, WAITING);
  return {
    name,
    path: `${expandServer(layout, settings.name, architecture)}/${fileName}`,
    bytes: size,
    sha256,
    signed: isSigned,
  };
}

function publicationReport(
  { generation, warnings = [], debug }: Pick<UploadResult, "generation" | "debug"> & {
    warnings?: readonly string[];
  },
) {
  const reported = (each: Generation | null) => each === null ? null : generationReport(each);
  return {
    generation: reported(generation),
    warnings: [...warnings],
    ...(debug === undefined ? {} : { debug: { ...debug, generation: reported(debug.generation) } }),
  };
}

/** A publication in the API's form. */
export function generationReport({ number, publishedAt, by, action, changes }: Generation) {
  return {
    number,
    published_at: timestamp(publishedAt),
    by,
    action,
    changes: changes.map(changeReport),
  };
}

function changeReport({ kind, from, to }: PackageChange): GenerationReport["changes"][number] {
  return {
    kind,
    name: (to ?? from)?.name ?? "",
    architecture: (to ?? from)?.architecture ?? "",
    from: from?.version ?? null,
    to: to?.version ?? null,
  };
}
