import { PkgstashError, reasonOf } from "../errors.ts";
import { readSyncDb } from "../formats/pacman/sync_db.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import type { Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import { packagesFor, type PublishedPackage } from "./published_package.ts";
import type { Signing } from "./signing/signing.ts";

/** A file that differs from what it should be. */
export interface Fault {
  /** Its name for clients, or within its generation. */
  readonly file: string;
  /** A clause, such as "it is missing". */
  readonly reason: string;
}

/** The result of a verification. */
export interface VerifiedRepository {
  readonly packages: number;
  /** Total size of the packages. */
  readonly bytes: number;
  readonly faults: readonly Fault[];
}

/**
 * Compares everything that a repository serves with what was published: each package with its
 * SHA-256, each database with its digest and with the packages that it must list, and each
 * signature with its file and the trusted keys.
 */
export async function verifyRepository(
  own: OwnRepository,
  signing: Pick<Signing, "verify">,
): Promise<VerifiedRepository> {
  const current = await own.current();
  const packages = await own.published();
  const faults: Fault[] = [];
  /** Records faults of a file and, if it must have one, of its signature. */
  const check = async (
    file: string,
    path: string,
    { sha256, isSigned }: { sha256: string; isSigned: boolean },
  ) => {
    const found = await digestOf(path);
    if (found !== sha256) {
      faults.push({
        file,
        reason: found === null ? "it is missing" : "it differs from what was published",
      });
      return;
    }
    const reason = isSigned ? await signatureFault(path, signing) : null;
    if (reason !== null) faults.push({ file: `${file}.sig`, reason });
  };
  const isSigned = Object.keys(current?.files ?? {}).some((name) => name.endsWith(".sig"));
  const served = [...packages, ...await own.former()];
  for (const each of served) {
    const { fileName, sha256 } = each;
    await check(fileName, own.packages.pathOf(each), { sha256, isSigned });
  }
  for (const [name, { sha256 }] of Object.entries(current?.files ?? {})) {
    const path = own.pathIn(current!, name);
    const isDatabase = /\.(?:db|files)$/.test(name);
    await check(name, path, { sha256, isSigned: isSigned && isDatabase });
    if (isDatabase) {
      faults.push(...await databaseFaults(name, { own, current: current!, packages }));
    }
  }
  const bytes = served.reduce((sum, { size }) => sum + size, 0);
  return { packages: served.length, bytes, faults };
}

async function digestOf(path: string): Promise<string | null> {
  return await statIfPresent(path) === null ? null : await sha256Of(path);
}

async function signatureFault(
  path: string,
  signing: Pick<Signing, "verify">,
): Promise<string | null> {
  if (await statIfPresent(`${path}.sig`) === null) return "it is missing";
  try {
    await signing.verify(path, await Deno.readFile(`${path}.sig`));
    return null;
  } catch (error) {
    if (error instanceof PkgstashError && error.kind === "content") return reasonOf(error);
    throw error;
  }
}

/** Whether a database lists exactly the packages published for its architecture. */
async function databaseFaults(
  name: string,
  { own, current, packages }: {
    own: OwnRepository;
    current: Generation;
    packages: readonly PublishedPackage[];
  },
): Promise<Fault[]> {
  const architecture = name.slice(0, name.lastIndexOf("."));
  const wanted = packagesFor(packages, architecture).map(({ fileName, sha256 }) =>
    `${fileName} ${sha256}`
  );
  try {
    using file = await Deno.open(own.pathIn(current, name));
    const listed = ((await readSyncDb(file.readable)).packages ?? [])
      .map(({ fileName, sha256 }) => `${fileName} ${sha256}`);
    const isSame = listed.toSorted().join("\n") === wanted.toSorted().join("\n");
    return isSame ? [] : [{ file: name, reason: "its packages differ from those published" }];
  } catch (error) {
    return [{ file: name, reason: reasonOf(error) }];
  }
}
