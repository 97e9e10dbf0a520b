import { assertEquals } from "@std/assert";
import { parseConfig } from "../../../../src/config/load.ts";

/** The token and its origin, of a configuration with an env_file that has a token, too. */
function token(environment: Record<string, string>, value: string | null): unknown[] {
  const parsed = parseConfig({
    text: 'env_file = "/e"',
    fileName: "f",
    getEnvironment: (name) => environment[name],
    readEnvFile: () => ({ text: "PKGSTASH_TOKEN=from-file", mode: 0o640 }),
    tokenCredential: { name: "pkgstash.token", value },
    workingDirectory: "/",
  });
  return parsed.ok ? [parsed.config.token, parsed.origins.get("token")] : parsed.problems.slice();
}

Deno.test("a credential's token stands before the env_file's and behind the environment's", () => {
  assertEquals(token({}, null), ["from-file", "/e"]);
  assertEquals(token({}, "loaded"), ["loaded", "credential pkgstash.token"]);
  const environment = { PKGSTASH_TOKEN: "set" };
  assertEquals(token(environment, "loaded"), ["set", "environment"]);
});
