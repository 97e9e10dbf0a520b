import { join } from "@std/path";

/** A symbolic link of the root directory of this machine. */
export interface HostLink {
  readonly path: string;
  readonly target: string;
}

/** Names that lead into /usr on every machine of today. */
const NAMES = ["bin", "sbin", "lib", "lib32", "lib64"];

/** The links by which programs of this machine find each other, such as /bin. */
export async function hostLinks(): Promise<HostLink[]> {
  const links: HostLink[] = [];
  for (const name of NAMES) {
    try {
      const target = await Deno.readLink(join("/", name));
      links.push({ path: join("/", name), target: target.replace(/^\//, "") });
    } catch {
      // Not every architecture has all of them.
    }
  }
  return links;
}

/** Deeper directories of the machine are never in a package of a test. */
const MAX_DEPTH = 4;

/**
 * Makes the directories of this machine's /usr in a layer above it. They belong to a user id that
 * no namespace of ours has, so an overlay cannot copy them by itself when something is added.
 */
export async function copyDirectories(
  target: string,
  source: string = "/usr",
  depth: number = MAX_DEPTH,
): Promise<void> {
  if (depth === 0) return;
  for await (const { name, isDirectory } of Deno.readDir(source)) {
    if (!isDirectory) continue;
    await Deno.mkdir(join(target, name));
    await copyDirectories(join(target, name), join(source, name), depth - 1).catch((error) => {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    });
  }
}
