import { join } from "@std/path";

/**
 * The tree on disk of what is not a cache. Nothing is ever removed here but what a newer generation
 * has replaced, and everything that appears is complete: it was moved to its name.
 *
 *     <state_root>/
 *       VERSION                       version of this tree
 *       lock                          held by the running daemon
 *       keys/                         signing keys, 0600
 *       token                         what serve --make-token made, 0600
 *       tokens.json                   tokens, hashed; see administration
 *       ended_sessions.json           sessions of the web admin that were ended before their time
 *       history.sqlite                what was served and fetched, when and to whom; see history
 *       client_names.json             names that were given to clients; see history
 *       events/                       who changed what, and when; see administration
 *         activity/                     what the daemon did
 *       repositories/NAME/
 *         repository.json               how it was created; a table of the configuration wins
 *         packages/DIGEST/              one package; DIGEST begins its SHA-256
 *           FILE.pkg.tar.zst              the package as it came
 *           package.json                  what the databases say of it, and its signature
 *         generations/00000042/         one publication, never changed once it has this name
 *           generation.json               what it has, what changed, by whom, and its files' digests
 *           packages.json                 the packages that its databases list
 *           former.json                   former versions of them, kept for download
 *           x86_64.db x86_64.db.sig       the databases of each architecture
 *           x86_64.files x86_64.files.sig
 *         waiting/00000007/             the next generation, waiting for signatures made elsewhere
 *           draft.json                    what it will have, and who asked for it
 *           x86_64.db x86_64.db.sig ...   its databases, and the signatures that came
 *         staging/                      uploads and generations in the making
 *
 * The newest generation that is whole is the one that is served, so a copy of this tree, made at any
 * moment with `staging` left out, is a backup. Of `history.sqlite` such a copy may be damaged, which
 * costs charts.
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

/** The part of the tree that belongs to one repository. */
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

  /** The directory of a generation. */
  generation(number: number): string {
    return join(this.generations, `${number}`.padStart(NUMBER_LENGTH, "0"));
  }

  /** The directory of what waits for signatures, numbered as well. */
  waitingDraft(number: number): string {
    return join(this.waiting, `${number}`.padStart(NUMBER_LENGTH, "0"));
  }
}

/** 160 bits: no two packages share them, by chance or on purpose. */
const DIGEST_LENGTH = 40;
const NUMBER_LENGTH = 8;
