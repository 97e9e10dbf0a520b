import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseConfig } from "../../../src/config/load.ts";
import { configOf, FILE, parse, problemsOf } from "../../support/configuration.ts";

const FILE_OF_GO_VERSION = `
# /etc/pkgstash/pkgstash.toml
env_file = "/etc/pkgstash/pkgstash.env"
cache_root = "/srv/pkgstash"
mirror_urls = [
  "https://mirror.one.example/archlinux/$repo/os/$arch",
  "https://mirror.two.example/archlinux/",
]
mirrored_repos = ["core", "extra"]
port = "8080"
max_cache_size = "10GB"
max_cache_age = "8760h"
`;

const ENV_FILE = {
  "/etc/pkgstash/pkgstash.env": { text: "PKGSTASH_TOKEN=s3cret\n", mode: 0o100640 },
};

Deno.test("a configuration file of the Go version works unchanged", () => {
  const config = configOf(FILE_OF_GO_VERSION, {}, ENV_FILE);
  assertEquals(config.envFile, "/etc/pkgstash/pkgstash.env");
  assertEquals(config.token, "s3cret");
  assertEquals(config.cacheRoot, "/srv/pkgstash");
  assertEquals(config.port, 8080);
  assertEquals(config.maxCacheBytes, 10 * 1024 ** 3);
  assertEquals(config.maxCacheAgeMs, 8760 * 3_600_000);
  assertEquals(config.upstreams, [{
    name: "arch",
    mirrorUrls: [
      "https://mirror.one.example/archlinux/$repo/os/$arch",
      "https://mirror.two.example/archlinux/",
    ],
    repositories: ["core", "extra"],
    architectures: ["x86_64"],
    upstreamLayout: "$repo/os/$arch",
    clientPath: "$repo/os/$arch",
    mirrorlist: "",
    extraPaths: [],
    credentials: "",
    secretHeaders: {},
    redirectHosts: [],
    keepSnapshots: 0,
  }]);
});

Deno.test("every key has its default without any configuration", () => {
  const { upstreams, ...settings } = configOf("");
  assertEquals(settings, {
    envFile: null,
    cacheRoot: "/here/cache",
    stateRoot: "/here/state",
    resolveClientNames: false,
    ownRepositories: [],
    aur: {
      repository: "aur",
      url: "https://aur.archlinux.org",
      checkIntervalMs: 3_600_000,
      vcsIntervalMs: 86_400_000,
      coolDownMs: 86_400_000,
      newMaintainerCoolDownMs: 7 * 86_400_000,
      approvePins: false,
      approveHarmless: false,
    },
    notifySecrets: {},
    notify: {
      schedule: "now",
      secrets: "",
      webhookUrl: null,
      ntfyUrl: null,
      matrixUrl: null,
      matrixRoom: null,
      emailTo: [],
      emailFrom: "pkgstash@localhost",
      smtpHost: "localhost",
      smtpPort: 25,
      smtpTls: "if offered",
    },
    builds: {
      packager: "pkgstash <pkgstash@localhost>",
      timeoutMs: 6 * 3_600_000,
      leaseMs: 120_000,
      logBytes: 64 * 1024 ** 2,
      diskBytes: 32 * 1024 ** 3,
      memoryBytes: 8 * 1024 ** 3,
      processes: 4096,
      reproduce: false,
      keepBuilds: 10,
    },
    listenAddress: "::",
    port: 8090,
    tlsCertificate: null,
    tlsKey: null,
    trustedProxies: [],
    allowedNetworks: [],
    allowedHosts: [],
    webUserHeader: null,
    webUserRole: "viewer",
    webApprovers: [],
    webAdministrators: [],
    idleTimeoutMs: 60_000,
    maxConnections: 4096,
    maxClientConnections: 1024,
    maxRequests: 2048,
    maxClientRequests: 512,
    maxCacheBytes: 0,
    maxCacheAgeMs: 0,
    databaseMaxAgeMs: 300_000,
    refreshIntervalMs: 6 * 3_600_000,
    refreshJitterMs: 900_000,
    rollbackAgeMs: 86_400_000,
    vanishedAgeMs: 86_400_000,
    prefetch: true,
    prefetchConcurrency: 2,
    prefetchBytesPerSecond: 0,
    prefetchWindow: null,
    prefetchMaxIdleMs: 30 * 86_400_000,
    prefetchMaxUnused: 3,
    prefetchMaxPackageBytes: 0,
    keepVersions: 3,
    cacheLowWaterPercent: 90,
    minFreeBytes: 1024 ** 3,
    verifyIntervalMs: 14 * 86_400_000,
    verifyBytesPerSecond: 50 * 1024 ** 2,
    pinnedPackages: [],
    userAgent: "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1 pkgstash",
    upstreamProxy: null,
    raceTimeoutMs: 1500,
    minimumBytesPerSecond: 100 * 1024,
    stripeThresholdBytes: 16 * 1024 * 1024,
    stallTimeoutMs: 4000,
    maxOpenUploads: 16,
    maxUploadBytes: 50 * 1024 ** 3,
    publicUrl: null,
    answerTimeoutMs: 9000,
    drainTimeoutMs: 30_000,
    missingSignatureAgeMs: 300_000,
    archiveUrl: null,
    logLevel: "info",
    logFormat: "text",
    token: null,
  });
  assertEquals(upstreams.length, 1);
  assertEquals(upstreams[0]!.mirrorUrls[0], "https://geo.mirror.pkgbuild.com/");
  assertEquals(upstreams[0]!.mirrorUrls.length, 3);
  assertEquals(upstreams[0]!.repositories, ["core", "extra", "multilib"]);
});

Deno.test("a key in the file overrides its default", async (t) => {
  const table: [string, string, unknown][] = [
    ['cache_root = "store"', "cacheRoot", "/here/store"],
    ['listen_address = "0.0.0.0"', "listenAddress", "0.0.0.0"],
    ['listen_address = "192.0.2.1"', "listenAddress", "192.0.2.1"],
    ["port = 80", "port", 80],
    ['port = "80"', "port", 80],
    ['max_cache_size = "0"', "maxCacheBytes", 0],
    ['max_cache_size = "1KB"', "maxCacheBytes", 1024],
    ["max_cache_age = 0", "maxCacheAgeMs", 0],
    ['max_cache_age = "90d"', "maxCacheAgeMs", 90 * 86_400_000],
    ['database_max_age = "0"', "databaseMaxAgeMs", 0],
    ['user_agent = "me/1"', "userAgent", "me/1"],
    ['upstream_proxy = "socks5://p:1080"', "upstreamProxy", "socks5://p:1080"],
    ['upstream_proxy = "socks5h://p:1080"', "upstreamProxy", "socks5h://p:1080"],
    ['race_timeout = "1s"', "raceTimeoutMs", 1000],
    ['minimum_rate = "20KB"', "minimumBytesPerSecond", 20 * 1024],
    ['stripe_threshold = "64MB"', "stripeThresholdBytes", 64 * 1024 * 1024],
    ['stripe_threshold = "0"', "stripeThresholdBytes", 0],
    ['minimum_rate = "0"', "minimumBytesPerSecond", 0],
    ['stall_timeout = "1s"', "stallTimeoutMs", 1000],
    ['answer_timeout = "1s"', "answerTimeoutMs", 1000],
    ['drain_timeout = "0"', "drainTimeoutMs", 0],
    ['verify_interval = "60d"', "verifyIntervalMs", 60 * 86_400_000],
    ['refresh_interval = "30d"', "refreshIntervalMs", 30 * 86_400_000],
    ['missing_signature_age = "1h"', "missingSignatureAgeMs", 3_600_000],
    ['archive_url = "https://a.example/packages"', "archiveUrl", "https://a.example/packages"],
    ['log_level = "WARNING"', "logLevel", "warning"],
    ['log_format = "json"', "logFormat", "json"],
    ['tls_certificate = "c"\ntls_key = "/k"', "tlsCertificate", "/here/c"],
  ];
  for (const [text, property, expected] of table) {
    await t.step(text, () => {
      assertEquals(configOf(text)[property as "port"], expected as number);
    });
  }
});

Deno.test("a bad value is one problem, which names file, key and expectation", async (t) => {
  const table: [string, RegExp][] = [
    ['port = "http"', /port: found "http", expected a port from 0 to 65535/],
    ["port = 65536", /port: found 65536/],
    ["port = 80.5", /port: found 80\.5/],
    ["port = true", /port: found true/],
    ['port = ""', /port: found ""/],
    ["cache_root = 5", /cache_root: found 5, expected a path/],
    ['cache_root = ""', /cache_root: found ""/],
    ["max_cache_age = 90", /max_cache_age: found 90, expected a duration with a unit/],
    ['max_cache_age = "90"', /max_cache_age: found "90", expected a duration/],
    ['max_cache_size = "lots"', /max_cache_size: found "lots", expected a size/],
    ["max_cache_size = -1", /max_cache_size: found -1/],
    ["max_cache_size = [1]", /max_cache_size: found a list/],
    ['race_timeout = "0"', /race_timeout: found "0", expected a duration of at least 1ms/],
    ['stall_timeout = "60d"', /stall_timeout: found "60d", expected a duration of at most 24d/],
    ['listen_address = "127.0.0.1:80"', /listen_address: .*without a port/],
    ['listen_address = "a b"', /listen_address/],
    ['user_agent = "a\\nb"', /user_agent: .*printable ASCII/],
    ['upstream_proxy = "ftp://p"', /upstream_proxy: .*http, https, socks5 or socks5h/],
    ['upstream_proxy = "socks5:///p"', /upstream_proxy: .*URL with a host/],
    ['archive_url = "ftp://a.example"', /archive_url: .*an http or https URL/],
    ['log_level = "warn"', /log_level: found "warn", expected one of "debug", "info", "warning"/],
    ["log_format = 2020-01-01", /log_format: found a date/],
    ["mirror_urls = []", /mirror_urls: found an empty list/],
    ['mirror_urls = "https://a.example/"', /mirror_urls: found "https:.*a list of mirrors/],
    ['mirror_urls = ["ftp://a.example/"]', /mirror_urls: .*an http or https URL/],
    ['mirror_urls = ["a.example/archlinux"]', /mirror_urls: .*a URL such as/],
    ['mirror_urls = ["Server = https://a.example/$repo"]', /mirror_urls: .*without "Server ="/],
    [
      'mirror_urls = ["https://a.example/$arch"]\nmirrored_repos = ["core", "extra"]',
      /mirror_urls: found "https:\/\/a.example\/\$arch" for both core and extra, .*\$repo in/,
    ],
    [
      'mirror_urls = ["https://a.example/$repo"]\narchitectures = ["a", "b"]',
      /mirror_urls: found "https:\/\/a.example\/\$repo" for both a and b, .*\$arch in/,
    ],
    ['redirect_hosts = ["https://a.example/"]', /redirect_hosts: .*a host in lower case/],
    ['extra_paths = ["../secret"]', /extra_paths: .*names of letters/],
    ['extra_paths = [".pkgstash/**"]', /extra_paths: .*do not begin with a dot/],
    ['extra_paths = ["iso/a%2fb"]', /extra_paths: .*names of letters/],
    ['extra_paths = ["iso//b"]', /extra_paths: .*names of letters/],
    ['extra_paths = ["iso/"]', /extra_paths: .*names of letters/],
    ['extra_paths = ["iso/a**"]', /extra_paths: .*"\*\*" as a whole name/],
    ['extra_paths = ["api/x"]', /extra_paths: found "api\/x", expected another first name/],
    ['extra_paths = ["/cache/**"]', /extra_paths: found "cache\/\*\*", .*another first name/],
    ['redirect_hosts = ["*.org"]', /redirect_hosts: .*a host in lower case/],
    ['redirect_hosts = ["*"]', /redirect_hosts/],
    ['mirror_urls = ["https://a.example/$repo/$cpu"]', /mirror_urls: .*no variables but/],
    ['mirror_urls = ["https://a.example/?x"]', /mirror_urls: .*without "\?"/],
    ['mirror_urls = ["http://a/", "http://a/"]', /mirror_urls: found "http:\/\/a\/" twice/],
    ['mirrored_repos = ["../core"]', /mirrored_repos: found "\.\.\/core", expected a name/],
    ['mirrored_repos = [".core"]', /mirrored_repos/],
    ['mirrored_repos = ["-core"]', /mirrored_repos/],
    ['mirrored_repos = ["cache"]', /client_path: found "cache\/os\/x86_64", .*first segment/],
    ['architectures = ["x86 64"]', /architectures: found "x86 64"/],
    ['upstream_layout = "/$repo"', /upstream_layout: .*no slash/],
    ['client_path = "$repo/../$arch"', /client_path: .*segments/],
    ['client_path = "$repo//$arch"', /client_path: .*segments/],
    ['client_path = ".x/$repo/$arch"', /client_path: .*segments/],
    ['client_path = "x/$repo/$arch/"', /client_path: .*no slash/],
    ['client_path = "x%2f/$repo"', /client_path: .*segments/],
    ['client_path = "api/$repo/$arch"', /client_path: found "api\/core\/x86_64"/],
    ['client_path = "$repo"\narchitectures = ["a", "b"]', /client_path: .*more than one arch/],
    ['client_path = ""', /client_path: found ""/],
    ['tls_key = "k"', /tls_certificate: found nothing, expected a file, since tls_key is set/],
    ['tls_certificate = "c"', /tls_key: found nothing/],
    ['upstreams = "x"', /upstreams: found "x", expected tables/],
    ["port = 1\nport = 2", /port in line 1 and again in line 2/],
    ["port 1", /expected valid TOML/],
  ];
  for (const [text, expected] of table) {
    await t.step(text, () => {
      const [problem, ...others] = problemsOf(text);
      assertMatch(problem!, expected);
      assert(problem!.startsWith(`${FILE}: `), problem);
      assertEquals(others, []);
    });
  }
});

Deno.test("an unknown key that resembles none gets no misleading suggestion", () => {
  const [problem] = problemsOf("unknwon = 1");
  assertEquals(/did you mean/.test(problem!), false, problem);
  assertMatch(problem!, /pkgstash\.toml\(5\)/);
});

Deno.test("a path with ~ is refused, because only shells expand it", async (t) => {
  for (const path of ["~", "~/cache", "~alice/cache"]) {
    await t.step(path, () => {
      assertMatch(problemsOf(`cache_root = "${path}"`)[0]!, /without "~", such as "\/home\//);
    });
  }
  assertEquals(problemsOf('cache_root = "/srv/pkgstash/~a~"'), []);
});

Deno.test("an unknown key is a problem that suggests the nearest known one", () => {
  assertMatch(problemsOf("cahe_root = 1")[0]!, /cahe_root: found an unknown key.*"cache_root"/);
  assertMatch(problemsOf("[upstream.manjaro]")[0]!, /upstream: .*"upstreams"/);
  assertMatch(
    problemsOf('[upstreams.manjaro]\npreset = "manjaro"\nmirror_url = "x"')[0]!,
    /upstreams\.manjaro\.mirror_url: .*"mirror_urls"/,
  );
});

Deno.test("a token in the configuration file is refused without being shown", () => {
  const [problem] = problemsOf('token = "s3cret"');
  assertMatch(problem!, /token: found an unknown key, expected PKGSTASH_TOKEN in env_file/);
  assert(!problem!.includes("s3cret"));
});

Deno.test("all problems are reported at once", () => {
  const problems = problemsOf(
    `prot = 1
    port = "x"
    max_cache_age = 5
    mirror_urls = ["ftp://a/", "nonsense"]
    mirrored_repos = ["core", "a/b"]
    env_file = "missing.env"
    [upstreams.other]
    mirrored_repos = ["x"]
    [upstreams.manjaro]
    preset = "manjro"`,
    { PKGSTASH_LOG_LEVEL: "loud" },
  );
  assertEquals(problems.map((problem) => problem.split(": ").slice(0, 2).join(" ")), [
    `${FILE} prot`,
    `${FILE} env_file`,
    `${FILE} port`,
    `${FILE} max_cache_age`,
    "environment PKGSTASH_LOG_LEVEL",
    `${FILE} mirror_urls`,
    `${FILE} mirror_urls`,
    `${FILE} mirrored_repos`,
    `${FILE} upstreams.other.mirror_urls`,
    `${FILE} upstreams.manjaro.preset`,
  ]);
});

Deno.test("a problem does not show the password of a URL", () => {
  const [problem] = problemsOf('upstream_proxy = "ftp://me:s3cret@proxy.example"');
  assertMatch(problem!, /ftp:\/\/\*\*\*@proxy\.example/);
});

Deno.test("environment variables override the file, and lists are split at commas", () => {
  const config = configOf(FILE_OF_GO_VERSION, {
    PKGSTASH_PORT: "9000",
    PKGSTASH_CACHE_ROOT: "other",
    PKGSTASH_MAX_CACHE_SIZE: "",
    PKGSTASH_MIRRORED_REPOS: "core, multilib",
    PKGSTASH_MIRROR_URLS: "http://one.example/,http://two.example/$repo/os/$arch",
    PKGSTASH_TOKEN: "from-the-environment",
  }, ENV_FILE);
  assertEquals(config.port, 9000);
  assertEquals(config.cacheRoot, "/here/other");
  assertEquals(config.maxCacheBytes, 10 * 1024 ** 3, "an empty variable counts as not set");
  assertEquals(config.upstreams[0]!.repositories, ["core", "multilib"]);
  assertEquals(config.upstreams[0]!.mirrorUrls.length, 2);
  assertEquals(config.token, "from-the-environment");
});

Deno.test("a problem in the environment names the variable", () => {
  assertMatch(problemsOf("", { PKGSTASH_PORT: "x" })[0]!, /^environment: PKGSTASH_PORT: found "x"/);
});

Deno.test("variables of the env_file rank below the environment", () => {
  const files = { "/here/e": { text: "PKGSTASH_PORT=1\nPKGSTASH_LOG_LEVEL=debug", mode: 0o600 } };
  const environment = { PKGSTASH_ENV_FILE: "e", PKGSTASH_PORT: "2" };
  const parsed = parse("", environment, files);
  assert(parsed.ok);
  assertEquals(parsed.config.port, 2);
  assertEquals(parsed.config.logLevel, "debug");
  assertEquals(parsed.origins.get("port"), "environment");
  assertEquals(parsed.origins.get("log_level"), "/here/e");
  assertEquals(parsed.origins.get("cache_root"), "default");
});

Deno.test("an env_file may be accessible only to its owner and group", () => {
  const problems = (mode: number | null) =>
    problemsOf('env_file = "/e"', {}, { "/e": { text: "PKGSTASH_TOKEN=s3cret", mode } });
  for (const mode of [0o100600, 0o640, 0o440, null]) assertEquals(problems(mode), []);
  for (const mode of [0o100644, 0o604, 0o602]) {
    assertEquals(problems(mode).length, 1);
    assertMatch(problems(mode)[0]!, /^\/e: found mode 06[04][24], expected .*chmod 0640/);
  }
});

Deno.test("an env_file that is set must exist", () => {
  assertMatch(problemsOf('env_file = "/e"')[0]!, /env_file: found \/e: no such file/);
  assertEquals(problemsOf('env_file = ""'), []);
});

Deno.test("a token that no header can carry is a problem that does not show it", () => {
  for (const token of ["two words", "schlüssel", "tab\there"]) {
    const [problem, ...others] = problemsOf("", { PKGSTASH_TOKEN: token });
    assertMatch(
      problem!,
      /^environment: PKGSTASH_TOKEN: found a token that is not valid in an Authorization header/,
    );
    assertEquals(others, []);
    assertEquals(problem!.includes(token), false);
  }
  assertEquals(problemsOf("", { PKGSTASH_TOKEN: "s3cret-/+=~" }), []);
});

/** The token and its origin, with an env_file that has a token as well. */
function token(environment: Record<string, string>, value: string | null): unknown[] {
  const parsed = parseConfig({
    text: 'env_file = "/e"',
    fileName: "f",
    getEnvironment: (name) => environment[name],
    readSecretFile: () => ({ text: "PKGSTASH_TOKEN=from-file", mode: 0o640 }),
    tokenCredential: { name: "pkgstash.token", value },
    workingDirectory: "/",
  });
  return parsed.ok ? [parsed.config.token, parsed.origins.get("token")] : parsed.problems.slice();
}

Deno.test("a token from a credential ranks above the env_file and below the environment", () => {
  assertEquals(token({}, null), ["from-file", "/e"]);
  assertEquals(token({}, "loaded"), ["loaded", "credential pkgstash.token"]);
  const environment = { PKGSTASH_TOKEN: "set" };
  assertEquals(token(environment, "loaded"), ["set", "environment"]);
});

Deno.test("a table of keys is read, and its faults are named with the table", () => {
  const { aur } = configOf('[aur]\ncool_down = "3d"\napprove_pins = true\n');
  assertEquals([aur.coolDownMs, aur.approvePins], [3 * 86_400_000, true]);
  assertEquals(
    problemsOf('[aur]\ncool_down = "soon"\ncooldown = "1d"\n').map((line) => line.split(": ")[1]),
    ["aur.cooldown", "aur.cool_down"],
  );
  assertEquals(problemsOf("aur = true").length, 1);
});

Deno.test("builds must have limits, and the packager an address", () => {
  const { builds } = configOf('[builds]\npackager = "Me <me@example.org>"\nmax_disk = "2GB"\n');
  assertEquals([builds.packager, builds.diskBytes], ["Me <me@example.org>", 2 * 1024 ** 3]);
  for (
    const line of ['max_disk = "0"', 'max_memory = "1MB"', 'packager = "me"', 'lease = "1s"']
  ) {
    assertEquals(problemsOf(`[builds]\n${line}\n`).length, 1, line);
  }
});
