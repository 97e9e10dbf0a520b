import { join } from "@std/path";
import { sha256Of } from "../../platform/files/file_digest.ts";
import { BuildFailure } from "../failure.ts";
import { PACKAGE_ENDING } from "./makepkg_configuration.ts";

/** A package that a build produced. */
export interface Product {
  readonly file: string;
  readonly path: string;
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * The packages in PKGDEST, sorted by name. The build may be hostile, so anything else than a plain
 * file, such as a link, fails it.
 *
 * @throws {BuildFailure} if there is no package, or anything else.
 */
export async function collectProducts(directory: string): Promise<Product[]> {
  const products: Product[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile || !name.endsWith(PACKAGE_ENDING) || !/^[\w@.+:-]+$/.test(name)) {
      throw new BuildFailure(
        "build_error",
        "building",
        `The build left ${JSON.stringify(name)} in PKGDEST, which is not a package ending in ` +
          `${PACKAGE_ENDING}. A PKGBUILD must not set PKGEXT or write there.`,
      );
    }
    products.push(await product(directory, name));
  }
  if (products.length > 0) {
    return products.toSorted((one, other) => one.file < other.file ? -1 : 1);
  }
  throw new BuildFailure(
    "build_error",
    "building",
    "makepkg succeeded but left no package in PKGDEST. A PKGBUILD must not set PKGDEST.",
  );
}

async function product(directory: string, file: string): Promise<Product> {
  const path = join(directory, file);
  const { size } = await Deno.lstat(path);
  return { file, path, size, sha256: await sha256Of(path) };
}
