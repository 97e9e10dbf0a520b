import { signatureOf } from "../../support/changing_repository.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { sha256Of } from "../../support/sha256.ts";
import { type ListedPackage, syncDbBytes } from "../../support/sync_db_bytes.ts";
import type { Random } from "./random.ts";

const NAMES = ["alpha", "beta", "gamma", "delta", "epsilon", "lib+zeta", "eta_2", "theta", "iota"];
/** By how often; files of more than 4 MiB are handed out while they arrive. */
const SIZES = { 300: 4, 4_000: 4, 60_000: 4, 300_000: 4, 4_500_000: 3 };
const FIRST_BUILD_SECONDS = Date.parse("2026-11-01T12:00:00Z") / 1000;
const HOUR_SECONDS = 3600;

/** The true bytes of a package file; they are made anew whenever they are needed. */
export class Content {
  readonly sha256: string;

  constructor(readonly size: number, readonly seed: number) {
    this.sha256 = sha256Of(this.bytes);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return packageBytes(this.size, this.seed);
  }

  /** Its signature with the key of a generation of packagers. */
  signature(generation: number): Uint8Array<ArrayBuffer> {
    return signatureOf(this.bytes, FIRST_BUILD_SECONDS + generation);
  }
}

/** A package as a revision of a repository lists it. */
export interface Listed {
  readonly name: string;
  readonly version: number;
  readonly fileName: string;
  readonly content: Content;
  readonly buildSeconds: number;
  /** It grows when the same file is signed anew. */
  readonly signing: number;
}

/** A state of a repository. */
export interface Revision {
  readonly number: number;
  /** By file name. */
  readonly files: ReadonlyMap<string, Listed>;
  readonly db: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly dbSignature: Uint8Array<ArrayBuffer>;
  readonly date: Date;
}

/** The truth about one repository: all of its revisions, and what clients were shown. */
export class TrueRepository {
  readonly directory: string;
  readonly revisions: Revision[] = [];
  /**
   * The newest revision that a client received whole. 0 after damage to the snapshots, when the
   * daemon may have forgotten it.
   */
  shown = 0;
  #seed: number;
  #listed: Listed[] = [];

  /** `isEmbedded`: whether the database carries the signatures of packages; else it is signed. */
  constructor(readonly name: string, readonly isEmbedded: boolean, seed: number) {
    this.directory = `/${name}/os/x86_64`;
    this.#seed = seed;
  }

  get latest(): Revision {
    return this.revision(this.revisions.length);
  }

  revision(number: number): Revision {
    const revision = this.revisions[number - 1];
    if (revision === undefined) throw new RangeError(`${this.name} has no revision ${number}`);
    return revision;
  }

  path(fileName: string): string {
    return `${this.directory}/${fileName}`;
  }

  get dbName(): string {
    return `${this.name}.db`;
  }

  /** Makes the next revision: upgrades, rebuilds under the same name, new signatures, removals. */
  async advance(random: Random): Promise<void> {
    const number = this.revisions.length + 1;
    const buildSeconds = FIRST_BUILD_SECONDS + number * HOUR_SECONDS;
    const kept = this.#listed.flatMap((listed, index): Listed[] => {
      const change = random.weighted({ none: 60, upgrade: 22, rebuild: 8, resign: 6, drop: 4 });
      if (change === "upgrade" || index === 0) {
        return [this.#package(random, listed.name, listed.version + 1, buildSeconds)];
      }
      if (change === "rebuild") {
        return [this.#package(random, listed.name, listed.version, buildSeconds)];
      }
      if (change === "resign") return [{ ...listed, signing: number }];
      return change === "drop" ? [] : [listed];
    });
    const missing = NAMES.filter((name) => kept.every((listed) => listed.name !== name));
    // Never empty, so that there is always something to ask for.
    const added = missing.filter((name) => random.chance(0.5) || name === NAMES[0])
      .map((name) => this.#package(random, name, number, buildSeconds));
    this.#listed = [...kept, ...added];
    const db = await syncDbBytes(this.#listed.map((listed) => this.#entry(listed)));
    this.revisions.push({
      number,
      files: new Map(this.#listed.map((listed) => [listed.fileName, listed])),
      db,
      sha256: sha256Of(db),
      dbSignature: signatureOf(db),
      date: new Date(buildSeconds * 1000),
    });
  }

  /** The revision that these bytes are the database of. */
  revisionOf(db: Uint8Array): Revision | undefined {
    const sha256 = sha256Of(db);
    return this.revisions.findLast((revision) => revision.sha256 === sha256);
  }

  /**
   * What the file may be for a client that asked when `since` was shown, from then to now. Null if
   * none was, or one of these revisions does not list it: then nobody knows what it must be.
   */
  legitimate(fileName: string, since: number): Listed[] | null {
    if (since === 0) return null;
    const listed = this.revisions.slice(since - 1)
      .map((revision) => revision.files.get(fileName));
    return listed.some((one) => one === undefined) ? null : listed as Listed[];
  }

  #package(random: Random, name: string, version: number, buildSeconds: number): Listed {
    const full = `${this.name}-${name}`;
    const content = new Content(Number(random.weighted(SIZES)) + random.whole(0, 99), this.#seed++);
    const fileName = `${full}-${version}-1-any.pkg.tar.zst`;
    return { name, version, fileName, content, buildSeconds, signing: 0 };
  }

  #entry({ name, version, fileName, content, buildSeconds, signing }: Listed): ListedPackage {
    return {
      name: `${this.name}-${name}`,
      version: `${version}-1`,
      fileName,
      size: content.size,
      sha256: content.sha256,
      builddate: buildSeconds,
      ...(this.isEmbedded
        ? { pgpsig: btoa(String.fromCharCode(...content.signature(signing))) }
        : {}),
    };
  }
}
