import { BINARY } from "../binary_under_test.ts";
import type { Finished } from "../child_process.ts";

/** The Deno that compiles: the one that `PKGSTASH_COMPILER` names, or the one running the tests. */
export const COMPILER = Deno.env.get("PKGSTASH_COMPILER") || Deno.execPath();

/** Permissions that `deno compile` wrote into a binary, by kind, such as `allow_read`. */
export type BuiltInPermissions = Record<string, readonly string[] | boolean | null>;

/** Reads them from the metadata that `deno compile` appends to the runtime. */
export async function builtInPermissions(binary: string): Promise<BuiltInPermissions> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(binary));
  const key = '"permissions":';
  const start = text.lastIndexOf(key + '{"allow_env"');
  if (start < 0) throw new Error(`${binary} has no permissions built in.`);
  // It contains only lists of plain strings, so the first closing brace ends it.
  return JSON.parse(text.slice(start + key.length, text.indexOf("}", start) + 1));
}

/** Runs a binary in the root directory, with nothing in its environment but `env`. */
export async function runBinary(
  args: readonly string[],
  env: Record<string, string> = {},
  binary = BINARY,
): Promise<Finished> {
  const { code, signal, stdout, stderr } = await new Deno.Command(binary, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    clearEnv: true,
    cwd: "/",
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
