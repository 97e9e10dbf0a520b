import { basename, join } from "@std/path";
import type { Random } from "./random.ts";
import type { Siege } from "./siege.ts";

/** What happens to the disk while the daemon is dead, and how often. */
const DAMAGE = {
  none: 50,
  truncatedPackage: 8,
  flippedPackage: 6,
  flippedSignature: 3,
  deletedPackage: 6,
  deletedSignature: 4,
  flippedPart: 8,
  truncatedPart: 6,
  damagedSidecar: 6,
  damagedIndex: 5,
  deletedIndex: 3,
  damagedSnapshot: 4,
  deletedSnapshots: 3,
  strangers: 4,
};

/** Damages the cache of a daemon that does not run. Returns what was done. */
export async function damageCache(siege: Siege, random: Random): Promise<string> {
  const kind = random.weighted(DAMAGE);
  const state = join(siege.cacheRoot, ".pkgstash");
  const files = await everyFile(siege.cacheRoot);
  const among = (pattern: RegExp) => random.one(files.filter((path) => pattern.test(path)));
  const packages = /\/os\/x86_64\/(?!.*\.pkgstash)[^/]+\.pkg\.tar\.zst$/;
  switch (kind) {
    case "none":
      return kind;
    case "truncatedPackage":
      return await change(
        kind,
        among(packages),
        (path) => Deno.truncate(path, random.whole(0, 200)),
      );
    // A rotten byte is found by a verification, and not by a hit.
    case "flippedPackage":
      return await change(kind, among(packages), async (path) => {
        siege.rotten.add(basename(path));
        await flip(path, random);
      });
    case "flippedSignature":
      return await change(kind, among(/\.pkg\.tar\.zst\.sig$/), async (path) => {
        siege.rotten.add(basename(path));
        await flip(path, random);
      });
    case "deletedPackage":
      return await change(kind, among(packages), (path) => Deno.remove(path));
    case "deletedSignature":
      return await change(kind, among(/\.pkg\.tar\.zst\.sig$/), (path) => Deno.remove(path));
    case "flippedPart":
      return await change(kind, among(/\.part$/), (path) => flip(path, random));
    case "truncatedPart":
      return await change(
        kind,
        among(/\.part$/),
        (path) => Deno.truncate(path, random.whole(0, 99)),
      );
    case "damagedSidecar":
      return await change(kind, among(/\/parts\/.*\.json$/), (path) => flip(path, random));
    case "damagedIndex":
      return await change(
        kind,
        among(/index\.sqlite$/),
        (path) => Deno.writeFile(path, new Uint8Array(random.whole(1, 9000)).fill(7)),
      );
    case "deletedIndex":
      return await change(kind, among(/index\.sqlite$/), (path) => Deno.remove(path));
    case "damagedSnapshot":
      forget(siege);
      return await change(
        kind,
        among(/\/snapshots\/.*(\.db|current\.json)$/),
        (path) => flip(path, random),
      );
    case "deletedSnapshots":
      forget(siege);
      return await change(
        kind,
        join(state, "snapshots"),
        (path) => Deno.remove(path, { recursive: true }),
      );
    case "strangers":
      return await change(kind, join(siege.cacheRoot, "core/os/x86_64"), async (path) => {
        await Deno.writeTextFile(join(path, "notes.txt"), "mine");
        await Deno.writeTextFile(join(path, ".hidden"), "mine");
        const link = `link-${random.whole(1, 1e6)}-1-any.pkg.tar.zst`;
        await Deno.symlink("/etc/hostname", join(path, link));
      });
  }
}

/** The daemon may have lost its databases, and with them the right to refuse older ones. */
function forget({ repositories }: Siege): void {
  for (const repository of repositories) repository.shown = 0;
}

async function change(
  kind: string,
  path: string | undefined,
  action: (path: string) => Promise<void>,
): Promise<string> {
  if (path === undefined) return `${kind}: nothing to damage`;
  try {
    await action(path);
    return `${kind}: ${basename(path)}`;
  } catch (error) {
    return `${kind}: ${(error as Error).message}`;
  }
}

async function flip(path: string, random: Random): Promise<void> {
  const bytes = await Deno.readFile(path);
  if (bytes.length === 0) return;
  const at = random.whole(0, bytes.length - 1);
  bytes[at] = ~bytes[at]!;
  await Deno.writeFile(path, bytes);
}

async function everyFile(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isFile, isDirectory } of Deno.readDir(directory)) {
      const path = join(directory, name);
      if (isDirectory) found.push(...await everyFile(path));
      else if (isFile) found.push(path);
    }
  } catch {
    // Nothing has been cached yet.
  }
  return found.sort();
}
