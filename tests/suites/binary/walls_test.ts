// What the compiled binary may do, and what it may not. Needs `deno task compile` first.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compileBinary } from "../../../deploy/build/compile.ts";
import manifest from "../../../deno.json" with { type: "json" };
import { BINARY } from "../../support/binary_under_test.ts";
import { builtInPermissions, COMPILER, runBinary } from "../../support/machine/binary_file.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const expected = manifest.permissions.binary;

/** The permissions that were given: null means none. */
function granted(permissions: Awaited<ReturnType<typeof builtInPermissions>>) {
  return Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== null));
}

Deno.test("the binary's permissions are exactly those of deno.json", async () => {
  const { allow_import: _, ...permissions } = granted(await builtInPermissions(BINARY));
  assertEquals(permissions, {
    allow_net: [],
    allow_read: expected.read,
    allow_write: expected.write,
    allow_env: expected.env,
    allow_sys: expected.sys,
    // An empty list means everything, and what is denied wins.
    deny_import: [],
    prompt: false,
  });
});

Deno.test("a program with the binary's permissions can do nothing else", async () => {
  await using folder = await TempFolder.create("pkgstash-walls-");
  const probe = folder.join("probe");
  const entry = new URL("./wall_probe.ts", import.meta.url).pathname;
  assertEquals(await compileBinary(entry, probe, { deno: COMPILER, isQuiet: true }), 0);
  assertEquals(await builtInPermissions(probe), await builtInPermissions(BINARY));
  const { stdout } = await runBinary([], { HOME: "/root" }, probe);
  const lines = stdout.trim().split("\n");
  assertEquals(lines.length, 11);
  assertEquals(lines.filter((line) => !line.endsWith(": refused")), []);
});

Deno.test("the binary contains the packages that the program needs, and none that only tests need", async () => {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(BINARY));
  // Names of prom-client and of fast-check.
  assert(text.includes("setToCurrentTime"));
  assert(!text.includes("asyncProperty"));
});

Deno.test("a configuration that the daemon may not read is an error that says where it may be", async () => {
  const { code, stdout, stderr } = await runBinary(["serve", "--config", "/etc/shadow"]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(
    stderr,
    "/etc/shadow: found a path out of reach, expected a path below one of",
  );
  for (const path of ["/etc/pkgstash", "mount --bind", "deno task compile"]) {
    assertStringIncludes(stderr, path);
  }
  assert(!stderr.includes("root:"));
});

Deno.test("a cache or a key out of the binary's reach is a configuration problem with a remedy", async () => {
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

Deno.test("check-config reads a configuration anywhere, and judges it as the daemon would", async () => {
  await using folder = await TempFolder.create("pkgstash-walls-");
  const config = folder.join("pkgstash.toml");
  await Deno.writeTextFile(config, "port = 8091\n");
  const checking = await runBinary(["check-config", "--config", config]);
  assertEquals(checking.code, 0, checking.stderr);
  assertStringIncludes(checking.stdout, "port = 8091");
  const certificate = folder.join("certificate.pem");
  await Deno.writeTextFile(certificate, "");
  await Deno.writeTextFile(
    config,
    `tls_certificate = "${certificate}"\ntls_key = "${certificate}"\n`,
  );
  const refused = await runBinary(["check-config", "--config", config]);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "2 problems");
});

Deno.test("commands read files of their user wherever they are", async () => {
  await using folder = await TempFolder.create("pkgstash-walls-");
  const file = folder.join("foo-1.0-1-any.pkg.tar.gz");
  await Deno.writeTextFile(file, "token");
  const environment = { PKGSTASH_URL: "http://127.0.0.1:9", PKGSTASH_TOKEN: "t" };
  const adding = await runBinary(["repo", "add", "mine", file], environment);
  assertMatch(adding.stderr, /Cannot reach pkgstash at/);
  const asking = await runBinary(["status", "--token-file", file], environment);
  assertMatch(asking.stderr, /Cannot reach pkgstash at/);
  await Deno.mkdir(folder.join("pkgstash"));
  await Deno.writeTextFile(folder.join("pkgstash/token"), "token\n");
  const { PKGSTASH_URL } = environment;
  const atHome = await runBinary(["status"], { PKGSTASH_URL, XDG_CONFIG_HOME: folder.path });
  assertMatch(atHome.stderr, /Cannot reach pkgstash at/);
});

Deno.test("the binary's cache is /var/cache/pkgstash by default", async () => {
  const { code, stdout } = await runBinary(["check-config"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, 'cache_root = "/var/cache/pkgstash" # default');
});

Deno.test("--version prints the versions of pkgstash and Deno, and the commit", async () => {
  const { code, stdout } = await runBinary(["--version"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^pkgstash \S+ \(commit (?:[0-9a-f]{12}(?:-dirty)?|unknown), Deno \d+\.\d+\.\d+\)\n$/,
  );
  assertStringIncludes(stdout, `pkgstash ${manifest.version} `);
});
