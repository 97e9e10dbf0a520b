/** Makes `dist/pkgstash`, with the commit that it was made from and the permissions of deno.json. */
import { fromFileUrl } from "@std/path";
import { commitOf } from "./commit.ts";
import { compileBinary } from "./compile_binary.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const ENTRY = "dist/main.ts";

/** The entry point of the binary: main.ts, knowing its commit. */
function entryPoint(commit: string): string {
  return `// Made by "deno task compile".
import { runCli } from "../src/cli/cli.ts";
import { build } from "../src/version.ts";

build.commit = ${JSON.stringify(commit)};
Deno.exit(await runCli(Deno.args));
`;
}

Deno.chdir(PROJECT);
await Deno.mkdir("dist", { recursive: true });
await Deno.writeTextFile(ENTRY, entryPoint(await commitOf(PROJECT)));
Deno.exit(await compileBinary(ENTRY, "dist/pkgstash"));
