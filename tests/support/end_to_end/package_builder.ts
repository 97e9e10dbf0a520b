import { basename, join } from "@std/path";
import { makepkg, UNCHECKED_RECIPE } from "../makepkg.ts";
import { TempFolder } from "../temp_folder.ts";
import { madeOnce } from "./made_once.ts";

/** A package to build. Its payload is a function of name, version, size and rebuild. */
export interface PackageSpec {
  readonly name: string;
  readonly version?: string;
  readonly epoch?: number;
  /** Bytes of incompressible payload; the package file is slightly larger. */
  readonly size: number;
  readonly depends?: readonly string[];
  /** Distinguishes builds of the same version and size that have different bytes. */
  readonly rebuild?: number;
}

/** A package that makepkg has made. */
export interface BuiltPackage {
  readonly name: string;
  /** As pacman prints it: `[epoch:]version-1`. */
  readonly version: string;
  /** The file's name on a mirror. */
  readonly file: string;
  /** Where the file is. */
  readonly path: string;
}

// Part of the cache key: raise it when a change here or in makepkg.ts changes the packages.
const RECIPE = 2;

const CONFIGURATION = `OPTIONS=(!strip !docs !zipman !purge !debug !lto)\n${UNCHECKED_RECIPE}`;

function recipeOf(spec: PackageSpec): string {
  return `pkgname='${spec.name}'
pkgver='${spec.version ?? "1.0"}'
pkgrel=1
${spec.epoch === undefined ? "" : `epoch=${spec.epoch}`}
pkgdesc='${spec.size} bytes for the end-to-end tests'
arch=(any)
url='https://example.invalid/'
license=(custom)
depends=(${(spec.depends ?? []).map((name) => `'${name}'`).join(" ")})
source=(payload)
noextract=(payload)
sha256sums=(SKIP)
package() {
  install -Dm644 "$srcdir/payload" "$pkgdir/usr/share/${spec.name}/payload"
}
`;
}

/** Bytes that cannot be compressed, always the same for the same spec. */
async function payloadOf(spec: PackageSpec): Promise<Uint8Array<ArrayBuffer>> {
  const seed = new TextEncoder().encode(
    `${spec.name} ${spec.version ?? "1.0"} ${spec.rebuild ?? 0}`,
  );
  const digest = await crypto.subtle.digest("SHA-256", seed);
  const key = await crypto.subtle.importKey("raw", digest.slice(0, 16), "AES-CTR", false, [
    "encrypt",
  ]);
  const algorithm = { name: "AES-CTR", counter: new Uint8Array(16), length: 64 };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, new Uint8Array(spec.size)));
}

/** The folder with the package, which is built unless it has been. */
async function build(spec: PackageSpec): Promise<string> {
  const recipe = recipeOf(spec);
  return await madeOnce([RECIPE, CONFIGURATION, recipe, spec.rebuild ?? 0], async (folder) => {
    await using work = await TempFolder.create("pkgstash-e2e-build-");
    await Deno.writeTextFile(work.join("PKGBUILD"), recipe);
    await Deno.writeFile(work.join("payload"), await payloadOf(spec));
    const made = await makepkg(work.path, {
      configuration: CONFIGURATION,
      // One date for everything in the package, so that equal specs have equal bytes.
      env: { SOURCE_DATE_EPOCH: "1700000000", BUILDDIR: work.path },
    });
    await Deno.copyFile(made, join(folder, basename(made)));
  });
}

/**
 * Builds packages with the real makepkg, or reuses those of an earlier build of the same spec.
 * @returns one package for each spec, in the same order.
 */
export async function buildPackages(specs: readonly PackageSpec[]): Promise<BuiltPackage[]> {
  const built: BuiltPackage[] = [];
  const waiting = [...specs.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, spec] = next;
      const folder = await build(spec);
      const [file] = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      const epoch = spec.epoch === undefined ? "" : `${spec.epoch}:`;
      const version = `${epoch}${spec.version ?? "1.0"}-1`;
      built[index] = { name: spec.name, version, file: file!, path: join(folder, file!) };
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return built;
}
