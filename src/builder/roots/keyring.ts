import { join } from "@std/path";
import type { Job } from "../../api/builder.ts";
import { BuildFailure } from "../failure.ts";
import { NO_LIMITS } from "../sandbox/namespaces.ts";
import { outputOfSandbox } from "../sandbox/run_sandbox.ts";
import { hostLinks } from "./host_links.ts";
import type { PacmanFiles } from "./pacman.ts";
import { PACMAN_PLACES } from "./pacman_configuration.ts";

/** The files of a keyring that pacman reads; private keys are not copied. */
const PARTS = ["pubring.gpg", "pubring.kbx", "trustdb.gpg"];

const MEMORY_BYTES = 16 * 1024 * 1024;

/**
 * Creates the keyring of a job in its configuration directory: a copy of the machine's, which stays
 * unchanged, plus the keys that sign the daemon's own repository.
 */
export async function makeKeyring(
  files: PacmanFiles,
  host: string,
  { repository: { public_keys: keys, fingerprint } }: Pick<Job, "repository">,
): Promise<void> {
  const directory = join(files.configuration, "gnupg");
  await Deno.mkdir(directory, { mode: 0o700 });
  for (const part of PARTS) {
    try {
      await Deno.copyFile(join(host, part), join(directory, part));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  // pacman requires this file in every keyring.
  await Deno.open(join(directory, "pubring.gpg"), { create: true, append: true })
    .then((file) => file.close());
  if (keys === null || fingerprint === null) return;
  await Deno.writeTextFile(join(files.configuration, "own.asc"), keys);
  await Deno.writeTextFile(join(files.configuration, "own.trust"), `${fingerprint}:6:\n`);
  await importKeys(files);
}

async function importKeys(files: PacmanFiles): Promise<void> {
  const { keyring } = PACMAN_PLACES;
  let output = "";
  const decoder = new TextDecoder();
  const gpg = `/usr/bin/gpg --homedir ${keyring} --batch --quiet --no-permission-warning`;
  const { code } = await outputOfSandbox({
    surroundings: { mapping: files.mapping, overlays: [], user: "root", limits: NO_LIMITS },
    onOutput: (bytes) => void (output += decoder.decode(bytes)),
    plan: {
      binds: [
        { source: "/usr", target: "/usr", isWritable: false },
        ...files.machineFiles,
        { source: files.configuration, target: "/conf", isWritable: false },
        { source: join(files.configuration, "gnupg"), target: keyring, isWritable: true },
      ],
      memory: [{ target: "/tmp", bytes: MEMORY_BYTES }],
      links: await hostLinks(),
      hasNetwork: false,
      user: "root",
      env: { PATH: "/usr/bin", LC_ALL: "C", HOME: "/tmp" },
      directory: "/",
      argv: [
        "/usr/bin/sh",
        "-euc",
        `${gpg} --import /conf/own.asc; ${gpg} --import-ownertrust /conf/own.trust; ` +
        `${gpg} --check-trustdb`,
      ],
    },
  });
  if (code === 0) return;
  throw new BuildFailure(
    "builder_unfit",
    "preparing",
    `Cannot import the keys of the own repository: ${output.trim().slice(-500)}`,
  );
}
