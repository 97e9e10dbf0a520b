import { type ExtraDirectory, isExtraDirectory } from "../../repositories/extra_file.ts";
import type { Repository } from "../../repositories/repository.ts";
import { expandServer, mirrorRoot, serverLine } from "../../formats/pacman/mirrorlist.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { MirrorHealth } from "./mirror_health.ts";

export interface MirrorOptions {
  /** Host and path, for logs and metrics. */
  name: string;
  /** Template of its URLs, which identifies it. */
  address: string;
  /** The URL of a file, or null if this mirror cannot have it. */
  urlOf: (repository: Repository, fileName: string) => string | null;
  /** Milliseconds of a monotonic clock. */
  now?: (() => number) | undefined;
}

/** A server that holds a repository's files, and what is known about its health. */
export class Mirror {
  readonly name: string;
  readonly address: string;
  readonly urlOf: MirrorOptions["urlOf"];
  readonly health: MirrorHealth;
  /** Milliseconds of the monotonic clock by which it is judged. */
  readonly now: () => number;

  constructor({ name, address, urlOf, now = () => performance.now() }: MirrorOptions) {
    this.name = name;
    this.address = address;
    this.urlOf = urlOf;
    this.now = now;
    this.health = new MirrorHealth(now);
  }
}

/**
 * A mirror by its address: the root of one, or a complete line of a pacman mirrorlist. Names are
 * sent unescaped, as pacman does.
 */
export function mirrorAt(root: string, layout: string, now?: () => number): Mirror {
  const address = serverLine(root, layout);
  return new Mirror({
    name: nameOf(root),
    address,
    urlOf: (repository, fileName) =>
      isExtraDirectory(repository)
        ? extraUrl(mirrorRoot(address, layout), repository, fileName)
        : `${expandServer(address, repository.name, repository.architecture)}/${fileName}`,
    now,
  });
}

/**
 * The Arch Linux Archive's pool of every package: `<address>/<first letter>/<name>/<file>`. It has
 * no databases.
 */
export function archiveAt(root: string, now?: () => number): Mirror {
  const address = root.replace(/\/+$/, "");
  return new Mirror({
    name: nameOf(root),
    address,
    urlOf: (repository, fileName) => {
      if (isExtraDirectory(repository)) return null;
      const name = parsePackageFileName(fileName.replace(/\.sig$/, ""))?.name;
      return name === undefined ? null : `${address}/${name[0]}/${name}/${fileName}`;
    },
    now,
  });
}

/** The URL of a file outside the repositories, whose decoded name may contain any characters. */
function extraUrl(root: string, { pathOnMirror }: ExtraDirectory, fileName: string): string {
  const path = pathOnMirror === "" ? fileName : `${pathOnMirror}/${fileName}`;
  return `${root}/${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`;
}

/** Host and path of an address without its variables; never its credentials. */
function nameOf(address: string): string {
  const url = new URL(address.replace(/\$.*$/, ""));
  return (url.host + url.pathname).replace(/\/+$/, "");
}
