import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";
import type { Job } from "../../api/builder.ts";
import { Turns } from "../../async/turns.ts";
import { lstatIfPresent } from "../../platform/files/durable.ts";
import { BuildFailure } from "../failure.ts";
import type { IdMapping } from "../sandbox/namespaces.ts";
import { outputOfSandbox, runAsNamespaceRoot, runSandbox } from "../sandbox/run_sandbox.ts";
import { copyDirectories } from "./host_links.ts";
import { layerParts, overlaysOf, type RootStore } from "./layers.ts";
import { PACMAN, type PacmanCall, type PacmanFiles, pacmanSandbox, UNATTENDED } from "./pacman.ts";
import { PACMAN_PLACES } from "./pacman_configuration.ts";
import { OutputTail } from "../output_tail.ts";

/** A root that is ready to be mounted. */
export interface BuildRoot {
  readonly store: RootStore;
  /** The uppermost first. */
  readonly layers: readonly string[];
}

/** A request for a root. */
export interface RootRequest {
  readonly job: Job;
  readonly files: PacmanFiles;
  /** What to install besides base-devel, as a PKGBUILD writes it. */
  readonly dependencies: readonly string[];
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** The package that PKGBUILDs need not depend on. */
const BASE = "base-devel";
/** Exit code of pacman -T if a dependency is not met (pacman(8)). */
const SOME_ARE_MISSING = 127;
/** Marks the wanted lines in pacman's output. */
const MARK = "pkgstash-target ";

/**
 * Creates roots with pacman and keeps their layers: one for base-devel and one for each further set
 * of packages. A layer is named after its packages and their versions, so it is reused until a
 * repository has other versions.
 */
export class RootMaker {
  readonly #store: RootStore;
  readonly #databases: string;
  readonly #mapping: IdMapping;
  readonly #turns = new Turns();

  /** `databases` is a directory for pacman's databases, one below it for each architecture. */
  constructor(store: RootStore, databases: string, mapping: IdMapping) {
    this.#store = store;
    this.#databases = databases;
    this.#mapping = mapping;
  }

  /**
   * Creates a root, or finds its layers. Calls run one at a time, because they share databases.
   *
   * @throws {BuildFailure} if a dependency does not exist, or pacman fails.
   */
  make(request: RootRequest): Promise<BuildRoot> {
    return this.#turns.run(() => this.#make(request));
  }

  async #make(request: RootRequest): Promise<BuildRoot> {
    const database = join(this.#databases, request.job.architecture);
    await Deno.mkdir(join(database, "local"), { recursive: true });
    await Deno.mkdir(join(this.#store.directory, "layers"), { recursive: true });
    await this.#run(request, "synchronize the databases", {
      argv: [...PACMAN, "-Sy", ...UNATTENDED],
      hasNetwork: true,
      database,
      target: null,
    });
    const base = await this.#targets(request, [BASE], { database, target: null });
    const layers = [await this.#layer(request, { targets: base, below: [], database })];
    const missing = await this.#missing(request, layers[0]!);
    if (missing.length === 0) return { store: this.#store, layers };
    const targets = await this.#targets(request, missing, {
      database: join(layers[0]!, "root", PACMAN_PLACES.database),
      sync: join(database, "sync"),
      target: null,
    });
    layers.unshift(await this.#layer(request, { targets, below: layers, database }));
    return { store: this.#store, layers };
  }

  /** The dependencies that a layer does not meet. */
  async #missing(request: RootRequest, layer: string): Promise<string[]> {
    const { dependencies } = request;
    if (dependencies.length === 0) return [];
    const tail = new OutputTail();
    const sandbox = await pacmanSandbox(request.files, {
      argv: [...PACMAN, "-T", "--", ...dependencies],
      hasNetwork: false,
      database: join(layer, "root", PACMAN_PLACES.database),
      target: null,
      signal: request.signal,
    });
    const { code, stdout } = await outputOfSandbox({
      ...sandbox,
      onOutput: (each) => tail.add(each),
    });
    request.signal.throwIfAborted();
    if (code !== 0 && code !== SOME_ARE_MISSING) {
      throw pacmanFailure("compare the dependencies", code, tail.text);
    }
    return stdout.split("\n").filter((line) => dependencies.includes(line));
  }

  /** The packages that pacman would install for these names, each as `repository/name version`. */
  async #targets(
    request: RootRequest,
    names: readonly string[],
    call: Pick<PacmanCall, "database" | "sync" | "target">,
  ): Promise<string[]> {
    const argv = [
      ...PACMAN,
      ...UNATTENDED,
      "-Sp",
      "--needed",
      "--print-format",
      `${MARK}%r/%n %v`,
      "--",
    ];
    const printed = await this.#run(request, `find ${names.join(", ")}`, {
      argv: [...argv, ...names],
      hasNetwork: false,
      ...call,
    });
    return printed.split("\n").filter((line) => line.startsWith(MARK))
      .map((line) => line.slice(MARK.length)).toSorted();
  }

  /** The layer with these packages above others; created if it does not exist. */
  async #layer(
    request: RootRequest,
    { targets, below, database }: {
      readonly targets: readonly string[];
      readonly below: readonly string[];
      readonly database: string;
    },
  ): Promise<string> {
    const name = await digestOf([request.job.architecture, ...below, ...targets]);
    const layer = join(this.#store.directory, "layers", name);
    if (await lstatIfPresent(layer) !== null) {
      await Deno.utime(layer, new Date(), new Date());
      return layer;
    }
    const fresh = `${layer}.new-${crypto.randomUUID().slice(0, 8)}`;
    for (const part of layerParts(this.#store)) {
      await Deno.mkdir(join(fresh, part), { recursive: true });
    }
    const mount = join(request.files.configuration, "mount");
    await Deno.mkdir(mount, { recursive: true });
    const overlays = overlaysOf(this.#store, { layers: below, upper: fresh, target: mount });
    if (below.length === 0) {
      if (this.#store.isAboveHost) await copyDirectories(join(fresh, "usr"));
      await Deno.mkdir(join(fresh, "root", PACMAN_PLACES.database, "local"), { recursive: true });
    }
    const names = targets.map((target) => target.slice(0, target.indexOf(" ")));
    const { database: place, target } = PACMAN_PLACES;
    const call = {
      database: null,
      sync: join(database, "sync"),
      target: { path: mount, overlays },
    };
    const pacman = [...PACMAN, ...UNATTENDED, "--root", target, "--dbpath", place];
    try {
      await this.#run(request, "download packages", {
        argv: [...pacman, "-Sw", "--needed", "--", ...names],
        hasNetwork: true,
        ...call,
      });
      await this.#run(request, "install packages", {
        argv: [...pacman, "-S", "--needed", "--asdeps", "--", ...names],
        hasNetwork: false,
        ...call,
      });
      await Deno.rename(fresh, layer);
    } catch (error) {
      await runAsNamespaceRoot(this.#mapping, ["/usr/bin/rm", "-rf", "--", fresh]);
      throw error;
    }
    return layer;
  }

  /** Runs pacman and returns its standard output, which is also logged. */
  async #run(request: RootRequest, what: string, call: PacmanCall): Promise<string> {
    const tail = new OutputTail();
    let stdout = "";
    const decoder = new TextDecoder();
    const sandbox = await pacmanSandbox(request.files, { ...call, signal: request.signal });
    const { code, stopped } = await runSandbox({
      ...sandbox,
      onOutput: (bytes) => {
        tail.add(bytes);
        const text = decoder.decode(bytes, { stream: true });
        stdout += text;
        if (!call.argv.includes("-Sp")) request.onOutput(bytes);
      },
    });
    request.signal.throwIfAborted();
    if (code === 0 && stopped === null) return stdout;
    throw pacmanFailure(what, code, tail.text);
  }
}

/** Classifies a failure of pacman by its messages. */
export function pacmanFailure(what: string, code: number, output: string): BuildFailure {
  const missing = [...output.matchAll(/target not found: (\S+)/g)].map(([, name]) => name);
  if (missing.length > 0) {
    return new BuildFailure(
      "dependency_missing",
      "preparing",
      `No repository has ${[...new Set(missing)].join(", ")}, which the package needs.`,
    );
  }
  const unmet = /unable to satisfy dependency '([^']+)' required by (\S+)/.exec(output);
  if (unmet !== null) {
    return new BuildFailure(
      "dependency_missing",
      "preparing",
      `No repository has ${unmet[1]}, which ${unmet[2]} needs.`,
    );
  }
  const isNetwork = /failed retrieving file|failed to synchronize all databases|failed to retrieve/
    .test(output);
  const errors = output.split("\n").filter((line) => line.startsWith("error:")).slice(0, 5);
  return new BuildFailure(
    isNetwork ? "network" : "builder_unfit",
    "preparing",
    `Cannot ${what}: pacman exits with ${code}: ${errors.join(" ") || output.trim().slice(-500)}`,
  );
}

async function digestOf(words: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(words.join("\n"));
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 32);
}
