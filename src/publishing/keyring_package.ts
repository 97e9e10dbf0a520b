import { gzipSync } from "node:zlib";
import { TAR_END, tarMembers } from "../formats/archive/tar_writer.ts";

/** A package in memory. */
export interface KeyringPackage {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/**
 * The package `NAME-keyring`, which brings a repository's keys to clients as `archlinux-keyring`
 * does those of Arch Linux: on installation and upgrade, pacman-key trusts them. The same keys and
 * time yield the same bytes.
 */
export function keyringPackage(
  { name, keys, fingerprints, time }: {
    /** Name of the repository. */
    readonly name: string;
    /** All public keys, binary. */
    readonly keys: Uint8Array;
    readonly fingerprints: readonly string[];
    /** Time of creation, in milliseconds since the epoch; becomes the version. */
    readonly time: number;
  },
): KeyringPackage {
  const packageName = `${name}-keyring`;
  const version = `${versionOf(time)}-1`;
  const trusted = fingerprints.map((fingerprint) => `${fingerprint}:4:\n`).join("");
  const directory = "usr/share/pacman/keyrings/";
  const files = [
    { name: `${directory}${name}.gpg`, body: keys },
    { name: `${directory}${name}-revoked`, body: new Uint8Array(0) },
    { name: `${directory}${name}-trusted`, body: encoder.encode(trusted) },
  ];
  const info = [
    `pkgname = ${packageName}`,
    `pkgbase = ${packageName}`,
    `pkgver = ${version}`,
    `pkgdesc = Keys of the repository ${name}`,
    `builddate = ${Math.floor(time / 1000)}`,
    "packager = pkgstash",
    `size = ${files.reduce((sum, { body }) => sum + body.length, 0)}`,
    "arch = any",
  ];
  const tar = tarMembers([
    { name: ".PKGINFO", body: encoder.encode(`${info.join("\n")}\n`) },
    { name: ".INSTALL", body: encoder.encode(scriptOf(name)) },
    ...["usr/", "usr/share/", "usr/share/pacman/", directory].map((name) => ({ name, body: null })),
    ...files,
  ]);
  return {
    fileName: `${packageName}-${version}-any.pkg.tar.gz`,
    bytes: new Uint8Array(gzipSync(new Uint8Array([...tar, ...TAR_END]))),
  };
}

/** `20261128.195501`, which pacman orders by time. */
function versionOf(time: number): string {
  const [day, clock] = new Date(time).toISOString().slice(0, 19).split("T") as [string, string];
  return `${day.replaceAll("-", "")}.${clock.replaceAll(":", "")}`;
}

/**
 * The scriptlet of archlinux-keyring. The name of a repository contains no shell metacharacters.
 */
function scriptOf(name: string): string {
  return `post_upgrade() {
  if usr/bin/pacman-key -l >/dev/null 2>&1; then
    usr/bin/pacman-key --populate ${name}
  fi
}

post_install() {
  if [ -x usr/bin/pacman-key ]; then
    post_upgrade
  fi
}
`;
}
