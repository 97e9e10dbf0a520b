/**
 * Compiles `dist/pkgstash` and `dist/pkgstash-builder` with their commit, each with a permission set
 * of its own of deno.json: `deno task compile`.
 */
import { basename, fromFileUrl, join } from "@std/path";
import { commitOf } from "./commit.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** A program that is compiled. */
export interface Program {
  /** Name of the file in dist. */
  readonly name: string;
  /** The module of src with the function that runs a command line, and that function. */
  readonly module: string;
  readonly run: string;
  /** Its permission set in deno.json. */
  readonly permissions: "binary" | "builder";
}

export const PROGRAMS: readonly Program[] = [
  { name: "pkgstash", module: "cli/cli.ts", run: "runCli", permissions: "binary" },
  {
    name: "pkgstash-builder",
    module: "builder/main.ts",
    run: "runBuilder",
    permissions: "builder",
  },
];

/** The source of a program's entry point: the run of a command line, with the commit filled in. */
export function entryPoint(
  commit: string,
  { module, run }: Pick<Program, "module" | "run"> = PROGRAMS[0]!,
): string {
  return `// Made by "deno task compile".
import { ${run} } from "../src/${module}";
import { build } from "../src/version.ts";

build.commit = ${JSON.stringify(commit)};
Deno.exit(await ${run}(Deno.args));
`;
}

export interface CompileOptions {
  /** Path of the Deno that compiles; the running one by default. */
  readonly deno?: string;
  /** The permission set of deno.json; "binary" by default. */
  readonly permissions?: Program["permissions"];
  /** Suppresses Deno's progress output. */
  readonly isQuiet?: boolean;
}

/**
 * Compiles a program with a permission set of deno.json; returns Deno's exit code.
 *
 * The program is bundled first. Without that, `deno compile` embeds every npm package of the
 * lockfile, also those that only tests use, and a start reads some 400 files. What is imported at
 * first need is a chunk of its own: a start parses only what it runs.
 */
export async function compileBinary(
  entry: string,
  output: string,
  { deno = Deno.execPath(), isQuiet = false, permissions = "binary" }: CompileOptions = {},
): Promise<number> {
  const bundle = `${output}.bundle`;
  const quiet = isQuiet ? ["--quiet"] : [];
  try {
    const bundling = ["bundle", ...quiet, CONFIG, "--code-splitting", `--outdir=${bundle}`, entry];
    return await run(deno, bundling) ||
      await run(deno, [
        "compile",
        ...quiet,
        ...COMPILE_OPTIONS,
        `--permission-set=${permissions}`,
        `--output=${output}`,
        `--include=${bundle}`,
        join(bundle, basename(entry).replace(/\.ts$/, ".js")),
      ]);
  } finally {
    await Deno.remove(bundle, { recursive: true }).catch(() => {});
  }
}

const CONFIG = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;

const COMPILE_OPTIONS = [
  CONFIG,
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

async function run(program: string, args: readonly string[]): Promise<number> {
  // Deno 2.7 trusts only the authorities of Mozilla by default, also when it fetches its bundler.
  const env = { DENO_TLS_CA_STORE: "mozilla,system" };
  const { code } = await new Deno.Command(program, { args: [...args], env }).spawn().status;
  return code;
}

/** Prints the version of a compiled program. One whose runtime is of another Deno does not start. */
async function startOnce(program: string): Promise<number> {
  const code = await run(program, ["--version"]);
  if (code !== 0) {
    console.error(
      `Cannot start ${program}, which was just compiled. If DENORT_BIN is set, it must name the ` +
        `runtime of Deno ${Deno.version.deno}.`,
    );
  }
  return code;
}

if (import.meta.main) {
  Deno.chdir(PROJECT);
  await Deno.mkdir("dist", { recursive: true });
  const commit = await commitOf(PROJECT);
  // Not the entries, which are excluded from checks, and not while bundling: Deno 2.7 ignores it there.
  let code = await run(Deno.execPath(), ["check", CONFIG, "main.ts", "src/builder/main.ts"]);
  for (const program of PROGRAMS) {
    const entry = `dist/${program.name}.ts`;
    await Deno.writeTextFile(entry, entryPoint(commit, program));
    code ||= await compileBinary(entry, `dist/${program.name}`, program);
    code ||= await startOnce(`dist/${program.name}`);
  }
  Deno.exit(code);
}
