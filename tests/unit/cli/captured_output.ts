import { runCli } from "../../../src/cli/cli.ts";
import type { Command } from "../../../src/cli/command.ts";

/** What a command line printed, and its exit code. */
export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function capture(
  args: readonly string[],
  commands?: readonly Command[],
): Promise<Captured> {
  let [out, err] = ["", ""];
  const output = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += `${text}\n`),
  };
  const code = await runCli(args, output, commands);
  return { code, out, err };
}
