import type { Repository } from "../../repositories/repository.ts";
import { expandServer } from "../../formats/pacman/mirrorlist.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { MirrorHealth } from "./mirror_health.ts";

/** An upstream that holds a repository's files, and what is known of its health. */
export class Mirror {
  readonly health: MirrorHealth;

  /**
   * `name` is what logs and metrics call it; `urlOf` gives the address of a file, or null when
   * this upstream cannot have it.
   */
  constructor(
    readonly name: string,
    readonly urlOf: (repository: Repository, fileName: string) => string | null,
    now?: () => number,
  ) {
    this.health = new MirrorHealth(now);
  }
}

/**
 * A mirror by its address: the root of one, or a complete line of a pacman mirrorlist with
 * `$repo` in it. The names are sent as they are, as pacman does.
 */
export function mirrorAt(address: string, layout: string, now?: () => number): Mirror {
  const base = address.replace(/\/+$/, "");
  const template = base.includes("$repo") ? base : `${base}/${layout}`;
  return new Mirror(
    nameOf(address),
    ({ name, architecture }, fileName) =>
      `${expandServer(template, name, architecture)}/${fileName}`,
    now,
  );
}

/**
 * The Arch Linux Archive's collection of every package: `<base>/<first letter>/<name>/<file>`.
 * Databases are not kept there.
 */
export function archiveAt(address: string, now?: () => number): Mirror {
  const base = address.replace(/\/+$/, "");
  return new Mirror(
    nameOf(address),
    (_repository, fileName) => {
      const name = parsePackageFileName(fileName.replace(/\.sig$/, ""))?.name;
      return name === undefined ? null : `${base}/${name[0]}/${name}/${fileName}`;
    },
    now,
  );
}

/** Host and path of an address without its variables; never its credentials. */
function nameOf(address: string): string {
  const url = new URL(address.replace(/\$.*$/, ""));
  return (url.host + url.pathname).replace(/\/+$/, "");
}
