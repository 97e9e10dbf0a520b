import { join } from "@std/path";

/**
 * The part of the tree of `building_layout.ts` that belongs to the queue. Logs grow while their build
 * runs; every other file is written completely and then renamed.
 *
 *     <state_root>/building/queue/
 *       next_number                       the number of the next build
 *       builds/00000042.json              one build with its state
 *       logs/00000042.1.log               the log of its first attempt, while it is running
 *       logs/00000042.1.log.gz            the same once the attempt has ended
 *       products/00000042/1/FILE.pkg.tar.zst packages of its first attempt, until they are published
 *       published/REPOSITORY/BASE.ARCH.json the last publication, to compare the next one with
 */
export class QueueLayout {
  readonly builds: string;
  readonly logs: string;
  readonly products: string;
  readonly nextNumber: string;
  readonly #published: string;

  /** `root` is the directory of the queue. */
  constructor(root: string) {
    this.builds = join(root, "builds");
    this.logs = join(root, "logs");
    this.products = join(root, "products");
    this.nextNumber = join(root, "next_number");
    this.#published = join(root, "published");
  }

  build(number: number): string {
    return join(this.builds, `${padded(number)}.json`);
  }

  /** The log while its attempt is running; `.gz` is appended once it has ended. */
  log(build: number, attempt: number): string {
    return join(this.logs, `${padded(build)}.${attempt}.log`);
  }

  /** The directory with the packages of a build. */
  productsOf(build: number): string {
    return join(this.products, padded(build));
  }

  /** The names come from checked requests. */
  published(repository: string, packageBase: string, architecture: string): string {
    return join(this.#published, repository, `${packageBase}.${architecture}.json`);
  }

  publishedIn(repository: string): string {
    return join(this.#published, repository);
  }

  get publishedRoot(): string {
    return this.#published;
  }
}

/** The number of a build from its file name; null for any other file. */
export function numberIn(fileName: string): number | null {
  const digits = /^(\d{8,15})(?:\.|$)/.exec(fileName)?.[1];
  return digits === undefined ? null : Number(digits);
}

function padded(number: number): string {
  return `${number}`.padStart(8, "0");
}
