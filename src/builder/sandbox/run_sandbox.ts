import { lstatIfPresent } from "../../platform/files/durable.ts";
import { type CommandEnd, outputOf, runCommand } from "../command.ts";
import { NO_LIMITS, STAGE, surround, type Surroundings } from "./namespaces.ts";
import { bubblewrapArguments, type SandboxPlan } from "./sandbox.ts";

/** A sandbox with its surroundings. */
export interface SandboxRun {
  readonly surroundings: Surroundings;
  readonly plan: SandboxPlan;
  readonly onOutput?: (bytes: Uint8Array) => void;
  /** As `CommandPlan.onStdout`. */
  readonly onStdout?: (bytes: Uint8Array) => void;
  readonly signal?: AbortSignal;
}

/** Default limit of `outputOfSandbox`. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** The environment of programs outside the sandbox. */
export const ENVIRONMENT = { PATH: "/usr/bin:/usr/sbin:/bin:/sbin", LC_ALL: "C" };

/** Runs a sandbox until all its processes have ended. */
export function runSandbox(run: SandboxRun): Promise<CommandEnd> {
  const { plan, surroundings, ...rest } = run;
  return runCommand({ argv: argumentsOf({ plan, surroundings }), env: ENVIRONMENT, ...rest });
}

/** Like `runSandbox`; returns the beginning of standard output. */
export function outputOfSandbox(
  run: SandboxRun,
  maxBytes: number = MAX_OUTPUT_BYTES,
): Promise<CommandEnd & { readonly stdout: string }> {
  const { plan, surroundings, ...rest } = run;
  const argv = argumentsOf({ plan, surroundings });
  return outputOf({ argv, env: ENVIRONMENT, ...rest }, maxBytes);
}

/** Paths below these are open to all users and need no staging. */
const OPEN = /^\/(?:usr|etc)(?:\/|$)/;

function argumentsOf({ plan, surroundings }: Pick<SandboxRun, "plan" | "surroundings">): string[] {
  const staged: { source: string; place: string }[] = [];
  const binds = plan.binds.map((bind) => {
    if (OPEN.test(bind.source)) return bind;
    const place = `${STAGE}/${staged.length}`;
    staged.push({ source: bind.source, place });
    return { ...bind, source: place };
  });
  const inner = bubblewrapArguments({ ...plan, binds });
  return surround({ ...surroundings, staged, user: plan.user }, inner);
}

/**
 * Runs a program of this machine as root of a user namespace, for files that belong to subordinate
 * IDs. Returns its exit code and standard output.
 */
export function runAsNamespaceRoot(
  mapping: Surroundings["mapping"],
  argv: readonly string[],
): Promise<CommandEnd & { readonly stdout: string }> {
  const surrounded = surround({ ...PLAIN, mapping }, argv);
  return outputOf({ argv: surrounded, env: ENVIRONMENT }, MAX_OUTPUT_BYTES);
}

/**
 * Creates a symbolic link unless the path exists. Deno requires permission to write everywhere for
 * that, which the builder does not have; ln(1) does it.
 */
export async function makeLink(target: string, path: string): Promise<void> {
  if (await lstatIfPresent(path) !== null) return;
  const argv = ["/usr/bin/ln", "-sT", "--", target, path];
  const { code } = await runCommand({ argv: surround(PLAIN, argv), env: ENVIRONMENT });
  if (code !== 0) throw new Error(`Cannot make the link ${path}: ln exits with ${code}`);
}

const PLAIN: Surroundings = { mapping: "own", overlays: [], user: "root", limits: NO_LIMITS };
