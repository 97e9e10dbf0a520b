/** How a program ended and what it printed. */
export interface Finished {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Variables besides those of `childEnvironment`. */
  readonly env?: Record<string, string>;
  /** Whether it leads a process group, which `-pid` signals with all that it starts. */
  readonly leadsGroup?: boolean;
}

/** Where programs are found: `PATH`, and the folders of daemons that an ordinary user's `PATH` lacks. */
export function searchPath(): string {
  return [Deno.env.get("PATH") ?? "/usr/bin:/bin", "/usr/sbin", "/sbin"].join(":");
}

/**
 * The environment of every program that the tests start: ours without pkgstash's settings, without
 * proxies (all traffic stays on loopback), and with messages in English.
 */
export function childEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !name.startsWith("PKGSTASH_") && !/^(https?|ftp|all|no)_proxy$/i.test(name)
  );
  return { ...Object.fromEntries(kept), PATH: searchPath(), LC_ALL: "C", ...extra };
}

/** Starts a program in `childEnvironment`, without input and with piped output. */
export function startProgram(
  argv: readonly string[],
  { cwd, env, leadsGroup = false }: ProgramOptions = {},
): Deno.ChildProcess {
  const [command = "", ...args] = argv;
  return new Deno.Command(command, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: childEnvironment(env),
    clearEnv: true,
    detached: leadsGroup,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for a child with piped output to end; calls `kill` if that takes longer than `timeoutMs`. */
export async function finish(
  child: Deno.ChildProcess,
  timeoutMs: number,
  kill: () => void,
): Promise<Finished> {
  const timer = setTimeout(kill, timeoutMs);
  try {
    const { code, signal, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Signals a process, or the process group of a negative `pid`. Does nothing if it has ended. */
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
 * @throws {Error} with everything it printed, if it fails or takes longer than `timeoutMs`.
 */
export async function runCommand(
  argv: readonly string[],
  { timeoutMs = 120_000, ...options }: ProgramOptions & { timeoutMs?: number } = {},
): Promise<string> {
  const child = startProgram(argv, options);
  return expectSuccess(
    argv,
    await finish(child, timeoutMs, () => sendSignal(child.pid, "SIGKILL")),
  );
}

/** What a program printed on stdout; throws an error with all of its output if it failed. */
export function expectSuccess(argv: readonly string[], result: Finished): string {
  const { code, signal, stdout, stderr } = result;
  if (code === 0) return stdout;
  const end = signal === null ? `exit code ${code}` : `ended by ${signal}`;
  throw new Error(`Cannot run ${argv.join(" ")}: ${end}.\n${stdout}${stderr}`);
}
