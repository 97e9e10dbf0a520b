// What the compiled binary may and may not do. `deno task compile` comes before.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { compileBinary } from "../../../deploy/build/compile.ts";
import manifest from "../../../deno.json" with { type: "json" };
import {
  BINARY,
  builtInPermissions,
  COMPILER,
  runBinary,
} from "../../support/machine/binary_file.ts";

const expected = manifest.permissions.binary;

/** Everything that is not null, which stands for nothing. */
function given(permissions: Awaited<ReturnType<typeof builtInPermissions>>) {
  return Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== null));
}

Deno.test("the permissions in the binary are those of deno.json and no others", async () => {
  const { allow_import: _, ...permissions } = given(await builtInPermissions(BINARY));
  assertEquals(permissions, {
    allow_net: [],
    allow_read: expected.read,
    allow_write: expected.write,
    allow_env: expected.env,
    allow_sys: expected.sys,
    // An empty list is everything, and denied wins over allowed.
    deny_import: [],
    prompt: false,
  });
});

Deno.test("a program with the same permissions gets nowhere else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-walls-" });
  try {
    const probe = join(folder, "probe");
    const entry = new URL("./wall_probe.ts", import.meta.url).pathname;
    assertEquals(await compileBinary(entry, probe, { deno: COMPILER, isQuiet: true }), 0);
    assertEquals(await builtInPermissions(probe), await builtInPermissions(BINARY));
    const { stdout } = await runBinary([], { HOME: "/root" }, probe);
    const lines = stdout.trim().split("\n");
    assertEquals(lines.length, 11);
    assertEquals(lines.filter((line) => !line.endsWith(": refused")), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the binary is refused /etc/shadow, and says where a configuration may be", async () => {
  const { code, stdout, stderr } = await runBinary(["check-config", "--config", "/etc/shadow"]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "/etc/shadow: found a path out of reach, expected a path in one of");
  for (const path of ["/etc/pkgstash", "mount --bind", "deno task compile"]) {
    assertStringIncludes(stderr, path);
  }
  assert(!stderr.includes("root:"));
});

Deno.test("a cache or a key elsewhere is a problem of the configuration, with a way out", async () => {
  const { code, stderr } = await runBinary(["serve"], {
    PKGSTASH_CACHE_ROOT: "/home/cache",
    PKGSTASH_TLS_CERTIFICATE: "/etc/ssl/certificate.pem",
    PKGSTASH_TLS_KEY: "/etc/pkgstash/key.pem",
  });
  assertEquals(code, 1);
  assertMatch(stderr, /2 problems\n/);
  assertMatch(stderr, /cache_root: found "\/home\/cache", expected .*\/var\/cache\/pkgstash/);
  assertMatch(
    stderr,
    /tls_certificate: found "\/etc\/ssl\/certificate.pem", expected .*mount --bind/,
  );
  assert(!stderr.includes("    at "), "no stack");
});

Deno.test("without any configuration the binary's cache is where packages are meant to be", async () => {
  const { code, stdout } = await runBinary(["check-config"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, 'cache_root = "/var/cache/pkgstash" # default');
});

Deno.test("--version names the version, the commit and the Deno inside", async () => {
  const { code, stdout } = await runBinary(["--version"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^pkgstash \S+ \(commit (?:[0-9a-f]{12}(?:-dirty)?|unknown), Deno \d+\.\d+\.\d+\)\n$/,
  );
  assertStringIncludes(stdout, `pkgstash ${manifest.version} `);
});
