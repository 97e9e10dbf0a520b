import { createHash, randomBytes } from "node:crypto";
import { join } from "@std/path";
import { type ListedPackage, syncDbBytes } from "../../tests/support/sync_db_bytes.ts";

/** One in so many packages has a new version in the next database. */
const PACKAGES_PER_UPDATE = 20;
const DEPENDENCIES = 14;
/** Of an RSA signature, as most packagers make them. */
const SIGNATURE_BYTES = 310;
const FIRST_TIME_S = Date.UTC(2026, 0, 1) / 1000;

/** A repository on the mirror that is as large as Arch's extra, in two successive states. */
export class LargeDatabase {
  readonly repository = "extra";
  /** Path in a URL. */
  readonly path: string = "/extra/os/x86_64/extra.db";
  /** The packages in it. */
  readonly packages: number;
  readonly #folder: string;
  readonly #states: readonly Uint8Array[];

  private constructor(folder: string, packages: number, states: readonly Uint8Array[]) {
    this.#folder = folder;
    this.packages = packages;
    this.#states = states;
  }

  /** Writes the first state below the root of the mirror. */
  static async create(root: string, packages: number): Promise<LargeDatabase> {
    const folder = join(root, "extra/os/x86_64");
    await Deno.mkdir(folder, { recursive: true });
    const first = largeListing(packages);
    const next = first.map((listed, number) =>
      number % PACKAGES_PER_UPDATE === 0 ? packageOf(number, "2.0-1") : listed
    );
    const states = [await syncDbBytes(first), await syncDbBytes(next)];
    const database = new LargeDatabase(folder, packages, states);
    await database.publish(0);
    return database;
  }

  /** Puts the first or the next state on the mirror. */
  async publish(state: 0 | 1): Promise<void> {
    const path = join(this.#folder, "extra.db");
    await Deno.writeFile(`${path}.new`, this.#states[state]!);
    const time = FIRST_TIME_S + state * 3600;
    await Deno.utime(`${path}.new`, time, time);
    await Deno.rename(`${path}.new`, path);
  }

  /** Bytes of a state. */
  size(state: 0 | 1): number {
    return this.#states[state]!.length;
  }
}

/** Packages whose entries are about as long as those of Arch's extra: 1,070 bytes on average. */
export function largeListing(packages: number): ListedPackage[] {
  return Array.from({ length: packages }, (_, number) => packageOf(number, "1.0-1"));
}

function packageOf(number: number, version: string): ListedPackage {
  const name = nameOf(number);
  return {
    name,
    version,
    fileName: `${name}-${version}-x86_64.pkg.tar.zst`,
    size: 1000 + number * 211 % 10_000_000,
    sha256: createHash("sha256").update(`${name} ${version}`).digest("hex"),
    pgpsig: randomBytes(SIGNATURE_BYTES).toString("base64"),
    depends: Array.from({ length: DEPENDENCIES }, (_, i) => nameOf(number * 31 % 97 + i * 13)),
  };
}

function nameOf(number: number): string {
  return `library-${number.toString(36)}-tools`;
}
