import { join } from "@std/path";

/**
 * The tree on disk of everything that is not cache. Files are removed only once a newer generation
 * has replaced them, and every file is complete when it appears: it was renamed into place.
 *
 *     <state_root>/
 *       VERSION                       version of this tree
 *       lock                          held by the running daemon
 *       keys/                         signing keys, 0600
 *       token                         created by serve --make-token, 0600
 *       tokens.json                   tokens, hashed; see administration
 *       ended_sessions.json           web admin sessions ended before they expired
 *       history.sqlite                traffic by time and client; see history
 *       client_names.json             names given to clients; see history
 *       events/                       who changed what, and when; see administration
 *         activity/                     what the daemon did
 *       repositories/NAME/
 *         repository.json               how it was created; a table in the configuration overrides it
 *         packages/DIGEST/              one package; DIGEST begins its SHA-256
 *           FILE.pkg.tar.zst              the package as received
 *           package.json                  what the databases say about it, and its signature
 *         generations/00000042/         one publication, never changed once it has this name
 *           generation.json               contents, changes, author, and its files' digests
 *           packages.json                 the packages that its databases list
 *           former.json                   former versions of them, kept for download
 *           x86_64.db x86_64.db.sig       the databases of each architecture
 *           x86_64.files x86_64.files.sig
 *         waiting/00000007/             the next generation, awaiting external signatures
 *           draft.json                    its contents, and who requested it
 *           x86_64.db x86_64.db.sig ...   its databases, and the signatures received
 *         staging/                      unfinished uploads and generations
 *
 * The newest complete generation is served, so a copy of this tree, made at any moment and without
 * `staging`, is a backup. Its copy of `history.sqlite` may be damaged, which only costs charts.
 */
export class StateLayout {
  constructor(readonly root: string) {}

  get version(): string {
    return join(this.root, "VERSION");
  }

  get lock(): string {
    return join(this.root, "lock");
  }

  get keys(): string {
    return join(this.root, "keys");
  }

  get repositories(): string {
    return join(this.root, "repositories");
  }

  repository(name: string): RepositoryLayout {
    return new RepositoryLayout(join(this.repositories, name));
  }
}

/** The part of the tree for one repository. */
export class RepositoryLayout {
  readonly settings: string;
  readonly packages: string;
  readonly generations: string;
  readonly waiting: string;
  readonly staging: string;

  constructor(readonly root: string) {
    this.settings = join(root, "repository.json");
    this.packages = join(root, "packages");
    this.generations = join(root, "generations");
    this.waiting = join(root, "waiting");
    this.staging = join(root, "staging");
  }

  /** The directory of one package, by its SHA-256. */
  package(sha256: string): string {
    return join(this.packages, sha256.slice(0, DIGEST_LENGTH));
  }

  /** The directory of a generation, by its number. */
  generation(number: number): string {
    return join(this.generations, `${number}`.padStart(NUMBER_LENGTH, "0"));
  }

  /** The directory of a change that awaits signatures, by its number. */
  waitingDraft(number: number): string {
    return join(this.waiting, `${number}`.padStart(NUMBER_LENGTH, "0"));
  }
}

/** 160 bits, so that no two packages share them, by chance or on purpose. */
const DIGEST_LENGTH = 40;
const NUMBER_LENGTH = 8;
