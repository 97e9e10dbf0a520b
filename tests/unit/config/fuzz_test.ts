// Whatever a configuration says, reading it ends with a configuration or with problems in words.
import { assert } from "@std/assert";
import { stringify } from "@std/toml";
import fc from "fast-check";
import { SETTINGS } from "../../../src/config/settings.ts";
import { UPSTREAM_KEYS } from "../../../src/config/schema.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { parse } from "../../support/configuration.ts";

const KEYS = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)].map(({ name }) => name);

const VALUE = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "0", "-1", "5m", "1GB", "99999999999999999999d", "1e400", "$repo/../x"),
  fc.constantFrom("http://", "http://[::1", "http://a:b@c/$repo", "file:///etc", "::", "*"),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }),
  fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.integer()), { maxLength: 4 }),
  fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 8 }), { maxKeys: 3 }),
);
const NAME = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom("upstreams", "__proto__", "constructor", "toString") },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z_]{1,12}$/) },
);
const TABLE = fc.dictionary(NAME, VALUE, { maxKeys: 6 });

function isRead(text: string, environment: Record<string, string> = {}): void {
  const parsed = parse(text, environment, { "/here/env": { text, mode: 0o600 } });
  if (parsed.ok) return;
  assert(parsed.problems.length > 0);
  for (const problem of parsed.problems) {
    const line = formatProblem(problem);
    assert(line.length > 0 && !/undefined|\[object|\bNaN\b/.test(withoutValues(line)), line);
  }
}

/** The line without what it repeats of the configuration. */
function withoutValues(line: string): string {
  return line.replace(/found .*/s, "");
}

Deno.test("any text is a configuration or has problems", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.tuple(NAME, fc.string({ maxLength: 20 })).map(([name, value]) => `${name} = ${value}`),
    fc.constantFrom("[upstreams", "[[upstreams]]", "[upstreams.x]", "a.b.c = 1", '"""', "x = '"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => isRead(lines.join("\n"))),
    { numRuns: 1000 },
  );
});

Deno.test("any values of any keys are a configuration or have problems", () => {
  const upstreams = fc.dictionary(fc.stringMatching(/^[a-z.-]{1,6}$/), TABLE, { maxKeys: 3 });
  fc.assert(
    fc.property(TABLE, upstreams, (table, further) =>
      isRead(stringify({ ...table, ...further })) ??
        isRead(stringify({ ...table, upstreams: further }))),
    { numRuns: 500 },
  );
});

Deno.test("any environment is a configuration or has problems", () => {
  const variable = fc.constantFrom(...KEYS.map((key) => `PKGSTASH_${key.toUpperCase()}`));
  const environment = fc.dictionary(variable, fc.string({ unit: "binary", maxLength: 40 }));
  fc.assert(fc.property(environment, (variables) => isRead("", variables)), { numRuns: 500 });
});
