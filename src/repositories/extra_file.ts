import type { UpstreamConfig } from "../config/config.ts";
import { extraPrefix } from "../config/client_paths.ts";
import { pathMatcher } from "../formats/http/path_pattern.ts";

/**
 * A directory of a mirror outside its repositories. It is a `Repository` without name and
 * architecture, because it has files on mirrors and on this server.
 */
export interface ExtraDirectory {
  readonly upstream: string;
  readonly name: "";
  readonly architecture: "";
  /** Its path for clients. */
  readonly directory: string;
  /** Its path below a mirror's root, decoded; "" for the root itself. */
  readonly pathOnMirror: string;
}

/** What their traffic is counted under: there is no limit to their directories. */
export const EXTRA_FILES = "extra_paths";

/** A file of a mirror outside its repositories that `extra_paths` permits. */
export interface ExtraFile {
  readonly kind: "extra";
  readonly repository: ExtraDirectory;
  readonly fileName: string;
}

/** Whether files of a repository are addressed by their path alone. */
export function isExtraDirectory(repository: object): repository is ExtraDirectory {
  return "pathOnMirror" in repository;
}

/** How clients see the extra paths of one upstream. */
export class ExtraPaths {
  readonly #upstream: string;
  readonly #prefix: string;
  readonly #matchers: readonly ((path: string) => boolean)[];

  constructor(upstream: UpstreamConfig) {
    this.#upstream = upstream.name;
    this.#prefix = extraPrefix(upstream);
    this.#matchers = upstream.extraPaths.map(pathMatcher);
  }

  /**
   * The file at a decoded path below the server's root, without leading slash; null if there is
   * none.
   */
  fileAt(path: string): ExtraFile | null {
    if (!path.startsWith(this.#prefix)) return null;
    const below = path.slice(this.#prefix.length);
    if (below === "" || !this.#matchers.some((matches) => matches(below))) return null;
    return {
      kind: "extra",
      fileName: baseOf(path),
      repository: {
        upstream: this.#upstream,
        name: "",
        architecture: "",
        directory: parentOf(path),
        pathOnMirror: parentOf(below),
      },
    };
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
