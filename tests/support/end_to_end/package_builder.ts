import { basename, join } from "@std/path";
import { runCommand } from "../child_process.ts";
import { digestOf } from "./file_digest.ts";

/** What a package is to be; its payload follows from name, version and rebuild. */
export interface PackageSpec {
  readonly name: string;
  readonly version?: string;
  readonly epoch?: number;
  /** Bytes of incompressible payload, which is about the size of the package file. */
  readonly size: number;
  readonly depends?: readonly string[];
  /** Counts the builds that have one version and size, and other bytes. */
  readonly rebuild?: number;
}

/** A package as makepkg made it. */
export interface BuiltPackage {
  readonly name: string;
  /** As pacman prints it: `[epoch:]version-1`. */
  readonly version: string;
  /** The file's name on a mirror. */
  readonly file: string;
  /** Where the file is. */
  readonly path: string;
}

// Part of the cache key: raise it when a change below changes the packages.
const RECIPE = 1;
// makepkg refuses to run as root. The overflow user ("nobody") owns nothing, and needs no account made for it.
const NOBODY = 65534;

const MAKEPKG_CONF = `
CARCH=x86_64
CHOST=x86_64-pc-linux-gnu
DLAGENTS=()
VCSCLIENTS=()
BUILDENV=(!distcc !color !ccache !check !sign)
OPTIONS=(!strip !docs !zipman !purge !debug !lto)
INTEGRITY_CHECK=(sha256)
COMPRESSZST=(zstd -c -q -1 -)
PKGEXT=.pkg.tar.zst
SRCEXT=.src.tar.gz
PACKAGER='End to End <nobody@example.invalid>'
`;

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

/** Bytes that no compressor makes smaller, always the same for the same spec. */
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

/** The folder that keeps built packages between tests and runs; nobody else may write to it. */
async function packageCache(): Promise<string> {
  const probe = await Deno.makeTempDir();
  await Deno.remove(probe);
  const folder = join(probe, "..", `pkgstash-e2e-packages-${Deno.uid()}`);
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  const info = await Deno.lstat(folder);
  if (!info.isDirectory || info.uid !== Deno.uid() || ((info.mode ?? 0) & 0o022) !== 0) {
    throw new Error(
      `Cannot keep built packages in ${folder}: somebody else can write to it. Remove it and try again.`,
    );
  }
  return folder;
}

async function builtFile(folder: string): Promise<string | undefined> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.endsWith(".pkg.tar.zst")) return join(folder, entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
}

async function build(spec: PackageSpec, cache: string): Promise<string> {
  const identity = new TextEncoder().encode(
    JSON.stringify([RECIPE, MAKEPKG_CONF, recipeOf(spec), spec.rebuild ?? 0]),
  );
  const kept = join(cache, (await digestOf(identity)).slice(0, 24));
  const earlier = await builtFile(kept);
  if (earlier !== undefined) return earlier;

  const work = await Deno.makeTempDir({ prefix: "pkgstash-e2e-build-" });
  try {
    await Deno.writeTextFile(join(work, "makepkg.conf"), MAKEPKG_CONF);
    await Deno.writeTextFile(join(work, "PKGBUILD"), recipeOf(spec));
    await Deno.writeFile(join(work, "payload"), await payloadOf(spec));
    const asNobody = Deno.uid() === 0
      ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]
      : [];
    if (asNobody.length > 0) await Deno.chown(work, NOBODY, NOBODY);
    const makepkg = ["makepkg", "--config", "makepkg.conf", "--nodeps", "--noprogressbar"];
    // A fixed date for everything in the package: the same spec gives the same bytes.
    const env = { HOME: work, SOURCE_DATE_EPOCH: "1700000000", PKGDEST: work, BUILDDIR: work };
    await runCommand([...asNobody, ...makepkg], { cwd: work, env });
    const made = await builtFile(work);
    if (made === undefined) throw new Error(`makepkg made no package of ${spec.name}`);
    const staged = await Deno.makeTempDir({ dir: cache });
    await Deno.chmod(staged, 0o755);
    await Deno.copyFile(made, join(staged, basename(made)));
    // Appears in the cache complete or not at all.
    await Deno.remove(kept, { recursive: true }).catch(() => {});
    await Deno.rename(staged, kept);
    return join(kept, basename(made));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Builds packages with the real makepkg, or takes them from an earlier build of the same spec.
 * @returns one package for each spec, in the same order.
 */
export async function buildPackages(specs: readonly PackageSpec[]): Promise<BuiltPackage[]> {
  const cache = await packageCache();
  const paths = new Map<PackageSpec, string>();
  const waiting = [...specs];
  const worker = async () => {
    for (let spec = waiting.shift(); spec !== undefined; spec = waiting.shift()) {
      paths.set(spec, await build(spec, cache));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return specs.map((spec) => {
    const path = paths.get(spec) as string;
    const epoch = spec.epoch === undefined ? "" : `${spec.epoch}:`;
    return {
      name: spec.name,
      version: `${epoch}${spec.version ?? "1.0"}-1`,
      file: basename(path),
      path,
    };
  });
}
