import { join } from "@std/path";

/** A symbolic link of the root directory of this machine. */
export interface HostLink {
  readonly path: string;
  readonly target: string;
}

/** Names that lead into /usr on every current distribution. */
const NAMES = ["bin", "sbin", "lib", "lib32", "lib64"];

/** Links that the machine's programs rely on, such as /bin. */
export async function hostLinks(): Promise<HostLink[]> {
  const links: HostLink[] = [];
  for (const name of NAMES) {
    try {
      const target = await Deno.readLink(join("/", name));
      links.push({ path: join("/", name), target: target.replace(/^\//, "") });
    } catch {
      // Some architectures lack some of them.
    }
  }
  return links;
}

/** Packages of tests have no deeper directories in common with the machine. */
const MAX_DEPTH = 4;

/**
 * Creates the directories of this machine's /usr in a layer above it. They belong to a user ID that
 * is not mapped in our namespaces, so an overlay cannot copy them up when something is added.
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
