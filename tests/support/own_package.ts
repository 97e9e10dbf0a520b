import { gzipped, madePackage } from "./made_package.ts";

/** A package to be put into a repository of one's own. */
export interface OwnPackage {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Makes a package as makepkg would, without building anything. */
export async function ownPackage(
  name: string,
  version = "1.0-1",
  {
    architecture = "x86_64",
    base = name,
    xdata = [],
    depends = [],
    provides = [],
    content = "",
    packager = "Tests <nobody@example.invalid>",
  }: {
    architecture?: string;
    base?: string;
    xdata?: readonly string[];
    depends?: readonly string[];
    provides?: readonly string[];
    /** Tells packages of one name and version apart. */
    content?: string;
    packager?: string;
  } = {},
): Promise<OwnPackage> {
  const info = [
    `pkgname = ${name}`,
    `pkgbase = ${base}`,
    `pkgver = ${version}`,
    `pkgdesc = ${name} of the tests`,
    "builddate = 1700000000",
    `packager = ${packager}`,
    "size = 12",
    `arch = ${architecture}`,
    ...depends.map((each) => `depend = ${each}`),
    ...provides.map((each) => `provides = ${each}`),
    ...xdata.map((each) => `xdata = ${each}`),
    "",
  ].join("\n");
  const tar = await madePackage([
    [".PKGINFO", info],
    ["usr/", ""],
    ["usr/share/", ""],
    [`usr/share/${name}`, `${version} ${content}\n`],
  ]);
  return {
    fileName: `${name}-${version}-${architecture}.pkg.tar.gz`,
    bytes: new Uint8Array(await gzipped(tar)),
  };
}
