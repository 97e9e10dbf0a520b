import { statIfPresent } from "../platform/files/durable.ts";
import { freeSpace } from "../platform/files/free_space.ts";
import { runCommand } from "./command.ts";
import { GIT } from "./looks/git_sandbox.ts";
import { OutputTail } from "./output_tail.ts";
import { type IdMapping, NO_LIMITS, surround } from "./sandbox/namespaces.ts";
import { ENVIRONMENT } from "./sandbox/run_sandbox.ts";
import { bubblewrapArguments, type SandboxPlan } from "./sandbox/sandbox.ts";
import { hostLinks } from "./roots/host_links.ts";
import type { Settings } from "./settings.ts";

/** The result of checking one part of the machine. */
export interface Finding {
  readonly state: "ok" | "warning" | "failure";
  readonly what: string;
  /** How to fix it; null if nothing is wrong. */
  readonly advice: string | null;
}

const PROGRAMS: readonly (readonly [path: string, packageName: string])[] = [
  ["/usr/bin/bwrap", "bubblewrap"],
  ["/usr/bin/unshare", "util-linux"],
  ["/usr/bin/setpriv", "util-linux"],
  ["/usr/bin/prlimit", "util-linux"],
  ["/usr/bin/mount", "util-linux"],
  ["/usr/bin/pacman", "pacman"],
  ["/usr/bin/gpg", "gnupg"],
];

/** Room for an ordinary build with its root. */
const COMFORTABLE_BYTES = 10 * 1024 ** 3;

/** The ID mapping that works for this user; null without user namespaces. */
export async function detectMapping(): Promise<IdMapping | null> {
  for (const mapping of ["subordinate", "own"] as const) {
    const limits = NO_LIMITS;
    const argv = surround({ mapping, overlays: [], user: "build", limits }, ["/usr/bin/true"]);
    const end = await runCommand({ argv, env: ENVIRONMENT }).catch(() => null);
    if (end?.code === 0) return mapping;
  }
  return null;
}

/** Checks each part that builds need by using it as a build does. */
export async function checkMachine(
  { stateDirectory, keyring, rootBase, buildIn }: Settings,
): Promise<Finding[]> {
  const findings = await missingPrograms();
  if (findings.length > 0) return findings;
  findings.push(ok("programs: all installed"));
  const mapping = await detectMapping();
  findings.push(mappingFinding(mapping));
  if (mapping === null) return findings;
  findings.push(await gitFinding());
  findings.push(await trySandbox(mapping), await tryOverlay(mapping, stateDirectory));
  if (rootBase === "host") {
    findings.push({
      state: "warning",
      what: "root_base: roots use the /usr of this machine",
      advice: 'Builds depend on what is installed here. Use root_base = "packages" on Arch Linux.',
    });
  }
  findings.push(await keyringFinding(keyring));
  const free = await freeSpace(stateDirectory);
  if (free !== null && buildIn === "disk") {
    const text = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${stateDirectory}`;
    findings.push(
      free >= COMFORTABLE_BYTES ? ok(`disk: ${text}`) : {
        state: "warning",
        what: `disk: ${text}`,
        advice: "A root needs about 2 GiB, and large builds many more. Set state_directory.",
      },
    );
  }
  return findings;
}

async function missingPrograms(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [path, name] of PROGRAMS) {
    if (await statIfPresent(path) !== null) continue;
    findings.push({ state: "failure", what: `${path} is missing`, advice: `Install ${name}.` });
  }
  return findings;
}

function mappingFinding(mapping: IdMapping | null): Finding {
  switch (mapping) {
    case "subordinate":
      return ok("user namespaces: with subordinate IDs");
    case "own":
      return {
        state: "warning",
        what: "user namespaces: with a single ID only, so all files belong to one user",
        advice:
          "Files of other users and groups lose their owners, and a build owns its root. Give " +
          "this user subordinate IDs: " +
          "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER, and install " +
          "newuidmap (shadow on Arch Linux, uidmap on Debian).",
      };
    case null:
      return {
        state: "failure",
        what: "user namespaces: not allowed",
        advice: "Allow them: sysctl user.max_user_namespaces=65536, on Debian also " +
          "kernel.unprivileged_userns_clone=1, on Ubuntu " +
          "kernel.apparmor_restrict_unprivileged_userns=0.",
      };
  }
}

async function trySandbox(mapping: IdMapping): Promise<Finding> {
  const plan: SandboxPlan = {
    binds: [{ source: "/usr", target: "/usr", isWritable: false }],
    memory: [],
    links: await hostLinks(),
    hasNetwork: false,
    user: "build",
    env: {},
    directory: "/",
    argv: ["/usr/bin/true"],
  };
  const surroundings = { mapping, overlays: [], user: "build", limits: NO_LIMITS } as const;
  const failure = await failureOf(surround(surroundings, bubblewrapArguments(plan)));
  if (failure === null) return ok("bubblewrap: a sandbox without network starts");
  return {
    state: "failure",
    what: `bubblewrap: ${failure}`,
    advice:
      "A unit with ProtectProc=, ProtectKernelTunables= or RestrictNamespaces= prevents it, " +
      "and so does a container without nesting.",
  };
}

async function tryOverlay(mapping: IdMapping, directory: string): Promise<Finding> {
  let folder: string;
  try {
    await Deno.mkdir(directory, { recursive: true });
    folder = await Deno.makeTempDir({ dir: directory, prefix: "check-" });
  } catch {
    return {
      state: "failure",
      what: `state_directory: ${directory} cannot be written`,
      advice: "Run this as the user of pkgstash-builder.service, or make it own the directory.",
    };
  }
  try {
    for (const name of ["a", "b", "work", "c"]) await Deno.mkdir(`${folder}/${name}`);
    const overlays = [{
      lower: [`${folder}/a`],
      upper: { directory: `${folder}/b`, work: `${folder}/work` },
      target: `${folder}/c`,
    }];
    const surroundings = { mapping, overlays, user: "root", limits: NO_LIMITS } as const;
    const failure = await failureOf(surround(surroundings, ["/usr/bin/touch", `${folder}/c/x`]));
    if (failure === null) return ok("overlays: this user can mount them");
    return {
      state: "failure",
      what: `overlays: ${failure}`,
      advice: "They need Linux 5.11 or later, and a state_directory on ext4, XFS or Btrfs.",
    };
  } finally {
    await runCommand({
      argv: surround({ mapping, overlays: [], user: "root", limits: NO_LIMITS }, [
        "/usr/bin/rm",
        "-rf",
        folder,
      ]),
      env: ENVIRONMENT,
    });
  }
}

async function gitFinding(): Promise<Finding> {
  if (await statIfPresent(GIT) !== null) return ok("git: repositories can be checked");
  return {
    state: "warning",
    what: `git: ${GIT} is missing, so this builder cannot check git repositories`,
    advice: "Install git on at least one builder.",
  };
}

async function keyringFinding(keyring: string): Promise<Finding> {
  for (const name of ["pubring.gpg", "pubring.kbx"]) {
    if (await statIfPresent(`${keyring}/${name}`) !== null) return ok(`keyring: ${keyring}`);
  }
  return {
    state: "warning",
    what: `keyring: ${keyring} has no keys`,
    advice: "Packages of the distribution cannot be verified without it, nor roots created. " +
      "Run pacman-key --init and pacman-key --populate archlinux as root.",
  };
}

/** The last line of a program that fails; null if it succeeds. */
async function failureOf(argv: readonly string[]): Promise<string | null> {
  const tail = new OutputTail();
  const { code } = await runCommand({ argv, env: ENVIRONMENT, onOutput: (each) => tail.add(each) });
  return code === 0 ? null : tail.text.trim().split("\n").at(-1) || `exit code ${code}`;
}

function ok(what: string): Finding {
  return { state: "ok", what, advice: null };
}
