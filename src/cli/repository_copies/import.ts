import { createHash } from "node:crypto";
import type { FileBody } from "../../api/endpoint.ts";
import { UPLOAD_FILE } from "../../api/repositories.ts";
import { reasonOf } from "../../errors.ts";
import { readSyncDb, type SyncDbPackage } from "../../formats/pacman/sync_db.ts";
import type { ApiClient } from "../api_client.ts";
import { AdministrationError, EXIT_CODE } from "../errors.ts";
import { visible } from "../terminal_text.ts";
import type { TransferBar } from "../transfer_bar.ts";
import type { ImportSource } from "./import_source.ts";

/** Suffixes of databases made by repo-add, the ones that clients request first. */
const SUFFIXES = [".db", ".db.tar.gz", ".db.tar.zst", ".db.tar.xz", ".db.tar.bz2", ".db.tar"];

/** Most faults to report. */
const MAX_FAULTS = 20;

/** A listed package whose size and SHA-256 the database states. */
export interface ImportedPackage extends SyncDbPackage {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Reads the database `name`, or the only one there is, and checks that its packages exist.
 *
 * @throws AdministrationError if the database is missing or unreadable, or if a listed package is
 * missing or has the wrong size, as far as the source can tell without reading it.
 */
export async function importedPackages(
  source: ImportSource,
  name: string,
): Promise<ImportedPackage[]> {
  const { fileName, content } = await findDatabase(source, name);
  let listed: readonly SyncDbPackage[] | null;
  try {
    listed = (await readSyncDb(content)).packages;
  } catch (error) {
    throw refusal(source, `${fileName}: ${reasonOf(error)}`);
  }
  if (listed === null) {
    throw refusal(
      source,
      `${fileName} uses a compression that pkgstash cannot read. Recreate it with repo-add, as ` +
        ".db.tar.gz",
    );
  }
  const faults: string[] = [];
  const packages: ImportedPackage[] = [];
  for (const each of listed) {
    const { size, sha256 } = each;
    const found = await source.sizeOf(each.fileName);
    if (size === null || sha256 === null) faults.push(`${each.fileName} has no size and SHA-256`);
    else {
      packages.push({ ...each, size, sha256 });
      if (found === null) faults.push(`${each.fileName} is missing`);
      else if (found !== "unknown" && found !== size) {
        faults.push(`${each.fileName} has ${found} bytes instead of ${size}`);
      }
    }
  }
  if (faults.length > 0) throw refusal(source, listOf(faults));
  return packages;
}

/**
 * Sends packages to an open upload, each with its signature: the file beside it, else the one in
 * the database.
 *
 * @throws AdministrationError that names the packages that are missing or differ from the database.
 */
export async function sendPackages(
  packages: readonly ImportedPackage[],
  { source, client, repository, upload, withSignatures, bar }: {
    source: ImportSource;
    client: ApiClient;
    repository: string;
    upload: string;
    withSignatures: boolean;
    bar: TransferBar;
  },
): Promise<void> {
  const send = async (file: string, body: FileBody) => {
    const followed = { ...body, content: bar.follow(file, body.content) };
    return await client.call(UPLOAD_FILE, { repository, upload, file, body: followed });
  };
  const faults: string[] = [];
  bar.begin(packages.reduce((sum, { size }) => sum + size, 0));
  for (const each of packages) {
    const { fileName, size } = each;
    const body = await source.open(fileName);
    const fault = body === null
      ? "is missing"
      : body.size !== size
      ? `has ${body.size} bytes instead of ${size}`
      : await faultOnTheWay(each, body, (counted) => send(fileName, counted));
    if (body !== null && body.size !== size) await body.content.cancel();
    if (fault !== null) faults.push(`${fileName} ${fault}`);
    if (faults.length >= MAX_FAULTS) break;
    if (fault !== null || faults.length > 0 || !withSignatures) continue;
    const signature = await signatureOf(each, source);
    if (signature !== null) await send(`${fileName}.sig`, signature);
  }
  if (faults.length > 0) throw refusal(source, listOf(faults));
}

/** Sends a package. Returns how it differs from the database; null if it does not. */
async function faultOnTheWay(
  { sha256 }: ImportedPackage,
  { content, size }: FileBody,
  send: (body: FileBody) => Promise<unknown>,
): Promise<string | null> {
  const hash = createHash("sha256");
  let passed = 0;
  const counted = content.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        hash.update(chunk);
        passed += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  const outcome = await send({ content: counted, size }).then(() => null, (error) => ({ error }));
  const isWhole = passed === size;
  if (isWhole && hash.digest("hex") !== sha256) return "does not match the SHA-256 in the database";
  if (outcome !== null) throw outcome.error;
  return isWhole ? null : `ended after ${passed} of ${size} bytes`;
}

async function signatureOf(
  { fileName, signature }: ImportedPackage,
  source: ImportSource,
): Promise<FileBody | null> {
  const beside = await source.open(`${fileName}.sig`);
  if (beside !== null || signature === null) return beside;
  const bytes = Uint8Array.fromBase64(signature);
  return { content: new Response(bytes).body!, size: bytes.length };
}

async function findDatabase(source: ImportSource, name: string) {
  const there = await source.databases();
  const [only, ...others] = there;
  const found = there.includes(name) || only === undefined || others.length > 0 ? name : only;
  for (const suffix of SUFFIXES) {
    const fileName = `${found}${suffix}`;
    const body = await source.open(fileName);
    if (body !== null) return { fileName, content: body.content };
  }
  const known = there.length === 0 ? "" : ` There are ${there.join(", ")}.`;
  throw refusal(
    source,
    `there is no database ${found}.db.${known} Name it with --database`,
  );
}

function listOf(faults: readonly string[]): string {
  const more = faults.length - MAX_FAULTS;
  return `${faults.slice(0, MAX_FAULTS).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function refusal({ place }: ImportSource, reason: string): AdministrationError {
  return new AdministrationError(
    EXIT_CODE.failure,
    `Cannot import ${visible(place)}: ${visible(reason)}. Nothing was changed.`,
  );
}
