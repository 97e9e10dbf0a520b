/**
 * Compiles `dist/pkgstash` with its commit and with the permission set "binary" of deno.json:
 * `deno task compile`.
 */
import { fromFileUrl } from "@std/path";
import { commitOf } from "./commit.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const ENTRY = "dist/main.ts";

/** The source of the binary's entry point: main.ts, with the commit filled in. */
export function entryPoint(commit: string): string {
  return `// Made by "deno task compile".
import { runCli } from "../src/cli/cli.ts";
import { build } from "../src/version.ts";

build.commit = ${JSON.stringify(commit)};
Deno.exit(await runCli(Deno.args));
`;
}

export interface CompileOptions {
  /** Path of the Deno that compiles; the running one by default. */
  readonly deno?: string;
  /** Suppresses Deno's progress output. */
  readonly isQuiet?: boolean;
}

/**
 * Compiles a program with the permission set "binary" of deno.json; returns Deno's exit code.
 *
 * The program is bundled into one file first. Without that, `deno compile` embeds every npm package
 * of the lockfile, also those that only tests use, and a start reads some 400 files.
 */
export async function compileBinary(
  entry: string,
  output: string,
  { deno = Deno.execPath(), isQuiet = false }: CompileOptions = {},
): Promise<number> {
  const bundle = `${output}.bundle.js`;
  const quiet = isQuiet ? ["--quiet"] : [];
  try {
    return await run(deno, ["bundle", ...quiet, CONFIG, `--output=${bundle}`, entry]) ||
      await run(deno, ["compile", ...quiet, ...COMPILE_OPTIONS, `--output=${output}`, bundle]);
  } finally {
    await Deno.remove(bundle).catch(() => {});
  }
}

const CONFIG = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;

const COMPILE_OPTIONS = [
  CONFIG,
  "--permission-set=binary",
  // A daemon has nobody to ask, and a command must not offer to widen its own permissions.
  "--no-prompt",
  // Unless it is denied, Deno allows imports from its default registries.
  "--deny-import",
  // The code cache is written to the temporary directory, whatever the permissions say.
  "--no-code-cache",
  // The bundle contains them.
  "--no-npm",
  // A bundle has no types; the task checks the source.
  "--no-check",
];

async function run(deno: string, args: readonly string[]): Promise<number> {
  // Deno 2.7 trusts only the authorities of Mozilla by default, also when it fetches its bundler.
  const env = { DENO_TLS_CA_STORE: "mozilla,system" };
  const { code } = await new Deno.Command(deno, { args: [...args], env }).spawn().status;
  return code;
}

if (import.meta.main) {
  Deno.chdir(PROJECT);
  await Deno.mkdir("dist", { recursive: true });
  await Deno.writeTextFile(ENTRY, entryPoint(await commitOf(PROJECT)));
  // Not the entry, which is excluded from checks, and not while bundling: Deno 2.7 ignores it there.
  const code = await run(Deno.execPath(), ["check", CONFIG, "main.ts"]);
  Deno.exit(code || await compileBinary(ENTRY, "dist/pkgstash"));
}
