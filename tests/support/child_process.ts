import { searchPath } from "./end_to_end/required_tools.ts";

/**
 * The environment for every program that the tests start: ours, without settings of pkgstash,
 * without proxies (all traffic stays on loopback), and with messages in English.
 */
export function childEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !name.startsWith("PKGSTASH_") && !/^(https?|ftp|all|no)_proxy$/i.test(name)
  );
  return { ...Object.fromEntries(kept), PATH: searchPath(), LC_ALL: "C", ...extra };
}

/** How a program ended and what it printed, both streams as text. */
export interface Finished {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for a child with piped output to end; past `patience` milliseconds `kill` is called. */
export async function finish(
  child: Deno.ChildProcess,
  patience: number,
  kill: () => void,
): Promise<Finished> {
  const timer = setTimeout(kill, patience);
  try {
    const { code, signal, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a signal to a process, or with a negative number to a group; one that is gone already is fine. */
export function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

/**
 * Runs a program to its end.
 * @returns what it printed on stdout.
 * @param patience Milliseconds that it may take, two minutes unless given.
 * @throws {Error} with everything it printed, when it fails or takes longer.
 */
export async function runCommand(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
  patience = 120_000,
): Promise<string> {
  const [command = "", ...args] = argv;
  const child = new Deno.Command(command, {
    args,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: childEnvironment(options.env),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const result = await finish(child, patience, () => sendSignal(child.pid, "SIGKILL"));
  if (result.code !== 0) {
    throw new Error(
      `Cannot run ${argv.join(" ")}: exit code ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}
