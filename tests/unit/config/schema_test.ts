import { assert, assertEquals } from "@std/assert";
import {
  type ConfigKey,
  environmentName,
  SETTINGS,
  UPSTREAM_KEYS,
} from "../../../src/config/schema.ts";
import { configOf, problemsOf } from "../../support/configuration.ts";

const KEYS: ConfigKey<unknown>[] = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)];

Deno.test("every key has a name in one style, of its own, and one sentence of description", () => {
  assertEquals(new Set(KEYS.map((key) => key.name)).size, KEYS.length);
  for (const { name, description } of KEYS) {
    assert(/^[a-z]+(?:_[a-z]+)*$/.test(name), name);
    assert(/^[A-Z].*[^.]\.$/.test(description), description);
  }
});

Deno.test("every default is a value that the key itself accepts and writes back", () => {
  for (const { name, type, defaultValue } of KEYS) {
    if (defaultValue === undefined) continue;
    const parsed = type.parse(defaultValue, "/here");
    assert(parsed.ok, name);
    assertEquals(problemsOf(`${name} = ${type.format(parsed.value)}`), [], name);
  }
});

Deno.test("every key of the top level can be overridden in the environment", () => {
  const paths = ["env_file", "cache_root", "tls_certificate", "tls_key"];
  for (const key of KEYS.filter(({ name }) => !paths.includes(name))) {
    const name = environmentName(key);
    const problems = problemsOf("", { [name]: "\n" });
    assert(problems.some((problem) => problem.startsWith(`environment: ${name}: `)), name);
  }
  assertEquals(configOf("", { PKGSTASH_CACHE_ROOT: "/c" }).cacheRoot, "/c");
});
