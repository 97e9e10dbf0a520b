import { join } from "@std/path";
import { BUILD_UID } from "./namespaces.ts";
import type { Bind } from "./sandbox.ts";

/** Paths of the bundle of certificate authorities on Arch Linux and elsewhere. */
const BUNDLES = [
  "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
  "/etc/ssl/certs/ca-certificates.crt",
];

/** Path of the machine's certificates in a sandbox. */
export const CERTIFICATES = "/etc/pkgstash/ca.pem";

const FILES: Readonly<Record<string, string>> = {
  passwd: [
    "root:x:0:0:root:/root:/usr/bin/bash",
    `build:x:${BUILD_UID}:${BUILD_UID}:build:/build:/usr/bin/bash`,
    "nobody:x:65534:65534:nobody:/:/usr/bin/nologin",
    "",
  ].join("\n"),
  group: ["root:x:0:", `build:x:${BUILD_UID}:`, "nobody:x:65534:", ""].join("\n"),
  // makepkg asks pacman what is installed, and pacman reads this first.
  "pacman.conf": "[options]\n",
  hosts: "127.0.0.1 localhost\n::1 localhost\n",
};

/** The files of /etc that replace the machine's in every sandbox. */
export const MADE_UP: readonly string[] = [...Object.keys(FILES), "resolv.conf"];

/** Writes the generated files into an existing directory; returns their binds. */
export async function writeMachineFiles(directory: string): Promise<Bind[]> {
  const files: Record<string, string> = { ...FILES, "resolv.conf": await nameServers() };
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(join(directory, name), content);
  }
  const bundle = await firstReadable(BUNDLES);
  await Deno.writeTextFile(join(directory, "ca.pem"), bundle ?? "");
  return [
    ...MADE_UP.map((name) => ({
      source: join(directory, name),
      target: `/etc/${name}`,
      isWritable: false,
    })),
    { source: join(directory, "ca.pem"), target: CERTIFICATES, isWritable: false },
  ];
}

/** The machine's name servers, without its search domains. */
async function nameServers(): Promise<string> {
  const text = await firstReadable(["/etc/resolv.conf"]) ?? "";
  return text.split("\n").filter((line) => /^(?:nameserver|options)\s/.test(line))
    .map((line) => `${line}\n`).join("");
}

async function firstReadable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    try {
      return await Deno.readTextFile(path);
    } catch {
      // Try the next one.
    }
  }
  return null;
}
