import { readIfPresent, statIfPresent } from "../../platform/files/durable.ts";
import { LOOK_INTERVAL_MS } from "../../repositories/hot_files.ts";
import { keyOf, type PackageFile } from "../../repositories/repository.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { SignedFile } from "../downloads/signed_file.ts";

/** More than the signatures that clients request between two databases. */
const MAX_COMPARED = 20_000;

export interface ComparedSignaturesOptions {
  readonly layout: CacheLayout;
  readonly snapshots: Pick<Snapshots, "current" | "epochOf">;
}

/** What a cached signature was compared with. */
interface Comparison {
  readonly epoch: number;
  /** Of the package. */
  readonly inode: number | null;
}

/**
 * The cached signatures compared with their packages and with the mirrors since the last database
 * or refresh. Only these may be sent before a mirror is asked.
 */
export class ComparedSignatures {
  readonly #options: ComparedSignaturesOptions;
  /** With the time at which a request that must not wait last checked the package. */
  readonly #compared = new Map<string, Comparison & { seenAt: number }>();

  constructor(options: ComparedSignaturesOptions) {
    this.#options = options;
  }

  /**
   * Whether the cached signature was compared with its package and with the mirrors in this epoch.
   * After startup nothing is known about it, so the bytes and the time at which it was stored
   * decide.
   */
  async has(file: PackageFile): Promise<boolean> {
    const epoch = this.#options.snapshots.epochOf(file.repository);
    const compared = this.#compared.get(keyOf(file));
    const inode = (await this.packageOf(file))?.inode;
    if (compared !== undefined) return compared.epoch === epoch && compared.inode === inode;
    // Whatever is there predates the refreshes and databases of this run.
    if (epoch > 0) return false;
    if (inode === undefined || !await this.#isOfServedDatabase(file)) return false;
    if (!await this.fits(file)) return false;
    this.add(file, { epoch, inode });
    return true;
  }

  /**
   * Like `has`, for a signature held in memory, and synchronous: false also if unknown. When the
   * daemon itself replaces or removes the package, it drops the signature; changes by others are
   * noticed when the package is checked.
   */
  hasNow(file: PackageFile): boolean {
    const { layout, snapshots } = this.#options;
    const compared = this.#compared.get(keyOf(file));
    if (compared?.epoch !== snapshots.epochOf(file.repository)) return false;
    const now = performance.now();
    if (now - compared.seenAt < LOOK_INTERVAL_MS) return true;
    try {
      if (Deno.statSync(layout.fileOf(packageFileOf(file))).ino !== compared.inode) return false;
    } catch {
      return false;
    }
    compared.seenAt = now;
    return true;
  }

  /** Whether the cached signature was made for the cached package. */
  async fits(file: PackageFile): Promise<boolean> {
    const signature = await readIfPresent(this.#options.layout.fileOf(file));
    if (signature === null) return false;
    const cached = await this.packageOf(file);
    return cached !== null && await new SignedFile(cached.path).maySign(signature) === true;
  }

  add(file: PackageFile, comparison: Comparison): void {
    const key = keyOf(file);
    this.#compared.delete(key);
    this.#compared.set(key, { ...comparison, seenAt: -Infinity });
    const [oldest] = this.#compared.keys();
    if (this.#compared.size > MAX_COMPARED && oldest !== undefined) this.#compared.delete(oldest);
  }

  delete(file: PackageFile): void {
    this.#compared.delete(keyOf(file));
  }

  /** The cached package of a signature, or null. */
  async packageOf(file: PackageFile): Promise<{ path: string; inode: number | null } | null> {
    const path = this.#options.layout.fileOf(packageFileOf(file));
    const info = await statIfPresent(path);
    return info === null ? null : { path, inode: info.ino };
  }

  /** Whether the cached signature was stored after the served database. */
  async #isOfServedDatabase(file: PackageFile): Promise<boolean> {
    const { layout, snapshots } = this.#options;
    const published = (await snapshots.current(file.repository))?.publishedAt ?? 0;
    const info = await statIfPresent(layout.fileOf(file));
    return (info?.ctime?.getTime() ?? -1) > published;
  }
}

/** The name of a signature's package. */
export function packageNameOf({ fileName }: PackageFile): string {
  return fileName.replace(/\.sig$/, "");
}

function packageFileOf(file: PackageFile): PackageFile {
  return { repository: file.repository, fileName: packageNameOf(file), kind: "package" };
}
