import { packTar, type TarEntry } from "modern-tar";

/** An entry of a sync database. */
export interface ListedPackage {
  name: string;
  /** With epoch and pkgrel, such as `1:2.0-3`. */
  version: string;
  fileName: string;
  /** Bytes of the package file. */
  size: number;
  /** 64 hexadecimal digits. */
  sha256: string;
  /** In base64, as in the desc. */
  pgpsig?: string;
  /** Seconds since 1970. */
  builddate?: number;
  depends?: readonly string[];
  replaces?: readonly string[];
  provides?: readonly string[];
}

/**
 * A sync database as repo-add writes it: a gzipped tar with a folder and a `desc` for each package.
 * Equal arguments return equal bytes. Without packages, the database is empty and valid.
 */
export async function syncDbBytes(
  packages: readonly ListedPackage[],
): Promise<Uint8Array<ArrayBuffer>> {
  const mtime = new Date(0);
  const entries = packages.flatMap((listed): TarEntry[] => {
    const folder = `${listed.name}-${listed.version}`;
    const body = new TextEncoder().encode(descOf(listed));
    return [
      { header: { name: `${folder}/`, type: "directory", size: 0, mode: 0o755, mtime } },
      { header: { name: `${folder}/desc`, size: body.length, mode: 0o644, mtime }, body },
    ];
  });
  const tar = await packTar(entries);
  const gzipped = new Response(tar).body!.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(gzipped).arrayBuffer());
}

function descOf(listed: ListedPackage): string {
  const fields: [string, readonly (string | number)[]][] = [
    ["FILENAME", [listed.fileName]],
    ["NAME", [listed.name]],
    ["BASE", [listed.name]],
    ["VERSION", [listed.version]],
    ["DESC", [`A package called ${listed.name}`]],
    ["CSIZE", [listed.size]],
    ["ISIZE", [listed.size * 3]],
    ["SHA256SUM", [listed.sha256]],
    ["PGPSIG", listed.pgpsig === undefined ? [] : [listed.pgpsig]],
    ["ARCH", ["x86_64"]],
    ["BUILDDATE", [listed.builddate ?? 1_700_000_000]],
    ["PACKAGER", ["Test Packager <packager@example.org>"]],
    ["REPLACES", listed.replaces ?? []],
    ["DEPENDS", listed.depends ?? []],
    ["PROVIDES", listed.provides ?? []],
  ];
  return fields.filter(([, values]) => values.length > 0)
    .map(([key, values]) => `%${key}%\n${values.join("\n")}\n\n`).join("");
}
