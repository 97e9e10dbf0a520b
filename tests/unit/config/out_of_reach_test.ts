import { assertEquals, assertMatch } from "@std/assert";
import { outOfReach } from "../../../src/config/out_of_reach.ts";
import { configOf } from "../../support/configuration.ts";

const config = configOf(`
cache_root = "/data/cache"
state_root = "/data/state"
tls_certificate = "/etc/pkgstash/certificate.pem"
tls_key = "/data/key.pem"
mirrorlist = "/data/mirrorlist"
`);

Deno.test("a path without permission is a problem that names where it was read", () => {
  const problems = outOfReach(
    config,
    (key) => `source of ${key}`,
    (_access, path) => path.startsWith("/etc/"),
  );
  assertEquals(problems.map(({ source, key, found }) => [source, key, found]), [
    ["source of cache_root", "cache_root", '"/data/cache"'],
    ["source of state_root", "state_root", '"/data/state"'],
    ["source of tls_key", "tls_key", '"/data/key.pem"'],
    ["source of mirrorlist", "mirrorlist", '"/data/mirrorlist"'],
  ]);
  assertMatch(
    problems[0]!.expected,
    /write: \/var\/cache\/pkgstash, \/var\/lib\/pkgstash, \/srv\/pkgstash\. Bind-mount/,
  );
  assertMatch(problems[2]!.expected, /read: \/etc\/pacman.d, \/etc\/pkgstash, /);
});

Deno.test("paths with permission are no problem", () => {
  assertEquals(outOfReach(config, String, () => true), []);
});
