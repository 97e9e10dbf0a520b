import { runSandbox } from "../sandbox/run_sandbox.ts";
import { type JobSurroundings, type StepRights, stepSandbox } from "./makepkg_sandbox.ts";

/** The wanted keys, and where to look for them. */
export interface KeySearch {
  /** Fingerprints, as in `validpgpkeys`. */
  readonly validKeys: readonly string[];
  readonly keyServers: readonly string[];
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
}

const RIGHTS: StepRights = {
  hasNetwork: false,
  changesStart: false,
  sources: "none",
  builds: false,
};

const GPG = "/usr/bin/gpg --batch --quiet --no-permission-warning";

/** Imports keys of the package source; about a file that is no key, gpg's message is enough. */
const IMPORT = `for key in /startdir/keys/pgp/*.asc; do
  if [ -e "$key" ]; then ${GPG} --import "$key" || true; fi
done`;

/** $1 lists the key servers; all others are fingerprints. */
const RECEIVE = `servers=$1
shift
for key; do
  ${GPG} --list-keys "$key" >/dev/null 2>&1 && continue
  for server in $servers; do
    ${GPG} --keyserver "$server" --recv-keys "$key" && break
  done
done
true`;

/**
 * Fills the temporary keyring of a job: from `keys/pgp` of the package source without a network,
 * then from key servers. makepkg fails if a key is still missing, and accepts only keys that
 * `validpgpkeys` lists, whatever the keyring contains.
 */
export async function fetchKeys(common: JobSurroundings, search: KeySearch): Promise<void> {
  const keys = search.validKeys.filter((key) => /^[0-9A-F]{40}$/i.test(key));
  if (keys.length === 0) return;
  const { onOutput, signal } = search;
  const run = async (rights: StepRights, ...argv: readonly string[]) => {
    const sandbox = stepSandbox(common, rights, ["/usr/bin/sh", "-uc", ...argv]);
    await runSandbox({ ...sandbox, onOutput, signal });
  };
  await run(RIGHTS, IMPORT);
  if (search.keyServers.length === 0) return;
  await run({ ...RIGHTS, hasNetwork: true }, RECEIVE, "sh", search.keyServers.join(" "), ...keys);
}
