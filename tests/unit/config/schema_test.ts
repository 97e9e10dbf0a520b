import { assert, assertEquals } from "@std/assert";
import { type ConfigKey, environmentName, UPSTREAM_KEYS } from "../../../src/config/schema.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { configOf, problemsOf } from "../../support/configuration.ts";

const KEYS: ConfigKey<unknown>[] = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)];

Deno.test("every key has a unique name in snake case, and one sentence of description", () => {
  assertEquals(new Set(KEYS.map((key) => key.name)).size, KEYS.length);
  for (const { name, description } of KEYS) {
    assert(/^[a-z]+(?:_[a-z]+)*$/.test(name), name);
    assert(/^[A-Z].*[^.]\.$/.test(description), description);
  }
});

Deno.test("every default is accepted by its own key, and written back", async (t) => {
  for (const { name, type, defaultValue } of KEYS) {
    if (defaultValue === undefined) continue;
    await t.step(name, () => {
      const parsed = type.parse(defaultValue, "/here");
      assert(parsed.ok);
      assertEquals(problemsOf(`${name} = ${type.format(parsed.value)}`), []);
    });
  }
});

Deno.test("every top-level key can be overridden in the environment", async (t) => {
  const paths = [
    "env_file",
    "cache_root",
    "state_root",
    "tls_certificate",
    "tls_key",
    "mirrorlist",
    "credentials",
  ];
  for (const key of KEYS.filter(({ name }) => !paths.includes(name))) {
    const name = environmentName(key);
    await t.step(name, () => {
      const problems = problemsOf("", { [name]: "\n" });
      assert(problems.some((problem) => problem.startsWith(`environment: ${name}: `)));
    });
  }
  assertEquals(configOf("", { PKGSTASH_CACHE_ROOT: "/c" }).cacheRoot, "/c");
});
