import { join } from "@std/path";
import { DirectoryLock } from "../platform/files/directory_lock.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import type { RootStore } from "./roots/layers.ts";
import { hostLinks } from "./roots/host_links.ts";
import type { IdMapping } from "./sandbox/namespaces.ts";
import { CERTIFICATES, MADE_UP } from "./sandbox/machine_files.ts";
import { KeptSources } from "./kept_sources.ts";
import { makeLink, runAsNamespaceRoot } from "./sandbox/run_sandbox.ts";
import type { Bind } from "./sandbox/sandbox.ts";

/** Files of this machine's /etc that its programs need, for roots that use its /usr. */
const HOST_FILES = [
  "/etc/alternatives",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/makepkg.conf",
];

/** Mount points of sandboxes. */
const MOUNT_POINTS = [
  ...["build", "ccache", "dev", "etc/pkgstash", "gnupg", "pkgdest", "proc", "run", "sccache"],
  ...["srcdest", "startdir", "tmp", "usr", "var/tmp"],
];

/** Layers that no build used for this long are removed, as are downloads of this age. */
const UNUSED_MS = 14 * 24 * 60 * 60 * 1000;

/**
 * The files that a builder keeps. Some belong to other user IDs; paths that depend on the mapping of
 * those contain its name.
 *
 *     lock
 *     roots-MAPPING-BASE/      see roots/layers.ts
 *     pacman-MAPPING/          databases by architecture, and downloads
 *     sources-MAPPING/NAME/    fetched sources of a package base; see kept_sources.ts
 *     ccache-MAPPING/NAME/
 *     sccache-MAPPING/NAME/
 *     looks/                   generated files of /etc for checks of git repositories
 *     work/                    builds in progress
 */
export class StateDirectory implements Disposable {
  readonly #directory: string;
  readonly #mapping: IdMapping;
  readonly #lock: DirectoryLock;
  readonly rootStore: RootStore;
  /** Fetched sources of package bases. */
  readonly sources: KeptSources;
  /** Binds for roots that use this machine's /usr; none otherwise. */
  readonly hostFiles: readonly Bind[];

  private constructor(
    directory: string,
    { mapping, lock, rootStore, hostFiles }: {
      readonly mapping: IdMapping;
      readonly lock: DirectoryLock;
      readonly rootStore: RootStore;
      readonly hostFiles: readonly Bind[];
    },
  ) {
    this.#directory = directory;
    this.#mapping = mapping;
    this.#lock = lock;
    this.sources = new KeptSources(join(directory, `sources-${mapping}`), mapping);
    this.rootStore = rootStore;
    this.hostFiles = hostFiles;
  }

  /** Locks the directory and removes leftovers of a killed builder. */
  static async open(
    directory: string,
    { mapping, base }: { readonly mapping: IdMapping; readonly base: "packages" | "host" },
  ): Promise<StateDirectory> {
    const what = { what: "the state directory", key: "state_directory" };
    const lock = await DirectoryLock.acquire(join(directory, "lock"), what);
    const rootStore = {
      directory: join(directory, `roots-${mapping}-${base}`),
      isAboveHost: base === "host",
    };
    const hostFiles = rootStore.isAboveHost ? await presentHostFiles() : [];
    const state = new StateDirectory(directory, { mapping, lock, rootStore, hostFiles });
    await state.#cleanUp();
    await state.#makeBottoms();
    for (const path of [state.work, state.databases, state.downloads]) {
      await Deno.mkdir(path, { recursive: true });
    }
    return state;
  }

  get work(): string {
    return join(this.#directory, "work");
  }

  get looks(): string {
    return join(this.#directory, "looks");
  }

  get databases(): string {
    return join(this.#directory, `pacman-${this.#mapping}`, "databases");
  }

  get downloads(): string {
    return join(this.#directory, `pacman-${this.#mapping}`, "downloads");
  }

  /** Each package base has its own, so that none can affect what another one compiles. */
  ccache(packageBase: string): string {
    return join(this.#directory, `ccache-${this.#mapping}`, packageBase);
  }

  /** Likewise. */
  sccache(packageBase: string): string {
    return join(this.#directory, `sccache-${this.#mapping}`, packageBase);
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  async #cleanUp(): Promise<void> {
    const layers = join(this.rootStore.directory, "layers");
    const leftovers = [this.work];
    for (const { name } of await entriesOf(layers)) {
      const path = join(layers, name);
      const usedAt = (await Deno.stat(path)).mtime?.getTime() ?? 0;
      if (name.includes(".new-") || usedAt < Date.now() - UNUSED_MS) leftovers.push(path);
    }
    for (const { name } of await entriesOf(this.downloads)) {
      const path = join(this.downloads, name);
      const fetchedAt = (await Deno.stat(path)).ctime?.getTime() ?? 0;
      if (fetchedAt < Date.now() - UNUSED_MS) leftovers.push(path);
    }
    await runAsNamespaceRoot(this.#mapping, ["/usr/bin/rm", "-rf", "--", ...leftovers]);
    for (const { name } of await entriesOf(this.databases)) {
      await Deno.remove(join(this.databases, name, "db.lck")).catch(() => {});
    }
  }

  /** The layers below the packages of a root. */
  async #makeBottoms(): Promise<void> {
    const { directory, isAboveHost } = this.rootStore;
    const [links, skeleton] = [join(directory, "links"), join(directory, "skeleton")];
    await Deno.mkdir(links, { recursive: true });
    for (const path of MOUNT_POINTS) await Deno.mkdir(join(skeleton, path), { recursive: true });
    for (const path of [...MADE_UP.map((name) => `/etc/${name}`), CERTIFICATES]) {
      await touch(join(skeleton, path));
    }
    await touch(join(skeleton, "etc/pkgstash/makepkg.conf"));
    if (!isAboveHost) return;
    await Deno.mkdir(join(links, "usr"), { recursive: true });
    for (const { path, target } of await hostLinks()) {
      for (const bottom of [links, skeleton]) {
        await makeLink(target, join(bottom, path));
      }
    }
    for (const { source } of this.hostFiles) {
      if ((await Deno.stat(source)).isDirectory) {
        await Deno.mkdir(join(skeleton, source), { recursive: true });
      } else await touch(join(skeleton, source));
    }
  }
}

async function presentHostFiles(): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const path of HOST_FILES) {
    if (await statIfPresent(path) === null) continue;
    binds.push({ source: path, target: path, isWritable: false });
  }
  return binds;
}

async function touch(path: string): Promise<void> {
  using _file = await Deno.open(path, { create: true, append: true, mode: 0o644 });
}

async function entriesOf(directory: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(directory));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
