/**
 * Compiles a program with the permission set "binary" of deno.json, and gives Deno's exit code.
 * "quiet" leaves Deno's remarks out; `deno` is the Deno to do it with.
 */
export async function compileBinary(
  entry: string,
  output: string,
  noise: "quiet" | "verbose" = "verbose",
  deno: string = Deno.execPath(),
): Promise<number> {
  const { code } = await new Deno.Command(deno, {
    args: [
      "compile",
      ...noise === "quiet" ? ["--quiet"] : [],
      `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
      "--permission-set=binary",
      // A daemon has nobody to ask, and a command should not offer to widen what was built in.
      "--no-prompt",
      // Unless it is denied, Deno allows code to be fetched from the registries that it knows.
      "--deny-import",
      // The cache would be written next to temporary files, past all permissions.
      "--no-code-cache",
      `--output=${output}`,
      entry,
    ],
    // Deno 2.7 sometimes overflows its usual stack while it packs npm packages.
    env: { RUST_MIN_STACK: "67108864" },
  }).spawn().status;
  return code;
}
