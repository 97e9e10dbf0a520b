import { PkgstashError, reasonOf } from "../errors.ts";

/** How a program ended. */
export interface CommandEnd {
  /** The exit code; 128 and the signal's number if a signal ended it. */
  readonly code: number;
  /** Why the builder ended it; null if it ended by itself. */
  readonly stopped: StopReason | null;
}

/** Why the builder ends a program. */
export type StopReason = "timeout" | "cancelled" | "disk full" | "too much output";

/** A program to run, and who receives its output. */
export interface CommandPlan {
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of standard output and standard error. */
  readonly onOutput?: (bytes: Uint8Array) => void;
  /** Receives standard output; `onOutput` then receives only standard error. */
  readonly onStdout?: (bytes: Uint8Array) => void;
  /** Ends the program with all its processes; its reason is a `StopReason`. */
  readonly signal?: AbortSignal;
}

/** The reason of an abort signal that ends programs. */
export class Stop extends Error {
  override readonly name = "Stop";

  constructor(readonly reason: StopReason) {
    super(reason);
  }
}

/**
 * Runs a program to its end. No other code starts programs.
 *
 * An abort sends SIGKILL: bubblewrap and the kernel then end everything in its process namespace,
 * which also closes the pipes that this function waits for.
 *
 * @throws {PkgstashError} of kind "conflict" if it cannot be started.
 */
export async function runCommand(plan: CommandPlan): Promise<CommandEnd> {
  const { argv: [program = "", ...args], env = {}, signal } = plan;
  if (signal?.aborted) return { code: 137, stopped: stopReason(signal) };
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env: { ...env },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new PkgstashError(
      "conflict",
      `Cannot start ${program}: ${reasonOf(error)}. Run "pkgstash-builder check".`,
      { cause: error },
    );
  }
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  signal?.addEventListener("abort", kill);
  try {
    const output = plan.onOutput ?? (() => {});
    const [{ code }] = await Promise.all([
      child.status,
      drain(child.stdout, plan.onStdout ?? output),
      drain(child.stderr, output),
    ]);
    return { code, stopped: signal?.aborted ? stopReason(signal) : null };
  } finally {
    signal?.removeEventListener("abort", kill);
  }
}

/** Runs a program and returns what it printed on standard output, at most `maxBytes` of it. */
export async function outputOf(
  plan: Omit<CommandPlan, "onStdout">,
  maxBytes: number,
): Promise<CommandEnd & { readonly stdout: string }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const end = await runCommand({
    ...plan,
    onStdout: (bytes) => {
      const room = maxBytes - length;
      if (room <= 0) return;
      pieces.push(bytes.slice(0, room));
      length += Math.min(room, bytes.length);
    },
  });
  return { ...end, stdout: await new Response(new Blob(pieces as BlobPart[])).text() };
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  for await (const bytes of stream) take(bytes);
}

function stopReason({ reason }: AbortSignal): StopReason {
  return reason instanceof Stop ? reason.reason : "cancelled";
}
