import { fromFileUrl, resolve } from "@std/path";

const PROJECT = fromFileUrl(new URL("../../../", import.meta.url));

/** The binary under test: the one that `PKGSTASH_BINARY` names, else that of `deno task compile`. */
export const BINARY = resolve(PROJECT, Deno.env.get("PKGSTASH_BINARY") || "dist/pkgstash");

/** The Deno that compiles: the one that `PKGSTASH_COMPILER` names, else the one that runs the tests. */
export const COMPILER = Deno.env.get("PKGSTASH_COMPILER") || Deno.execPath();

/** The permissions that `deno compile` wrote into a binary, by kind, as `allow_read` or `deny_import`. */
export type BuiltInPermissions = Record<string, readonly string[] | boolean | null>;

/** Reads them from the metadata that stands behind the runtime. */
export async function builtInPermissions(binary: string): Promise<BuiltInPermissions> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(binary));
  const key = '"permissions":';
  const start = text.lastIndexOf(key + '{"allow_env"');
  if (start < 0) throw new Error(`${binary} has no permissions built in`);
  // Only lists of plain strings are in it, so the first brace is its end.
  return JSON.parse(text.slice(start + key.length, text.indexOf("}", start) + 1));
}

/** How a run of the binary ended and what it printed. */
export interface BinaryRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the binary with nothing in its environment but `env`, in the root directory. */
export async function runBinary(
  args: readonly string[],
  env: Record<string, string> = {},
  binary = BINARY,
): Promise<BinaryRun> {
  const { code, stdout, stderr } = await new Deno.Command(binary, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    clearEnv: true,
    cwd: "/",
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
