import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { readConfig } from "../../../src/config/read_config.ts";
import { capture } from "./captured_output.ts";

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

async function withFile(text: string, use: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "pkgstash-check-config-" });
  try {
    const file = join(directory, "pkgstash.toml");
    await Deno.writeTextFile(file, text);
    await use(file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const PRESETS = ["archlinuxarm", "cachyos", "chaotic-aur", "endeavouros", "manjaro"]
  .map((name) => `[upstreams.${name}]\npreset = "${name}"\n`).join("");

Deno.test("the effective configuration is a configuration file with the same effect", async () => {
  await withFile(`max_cache_age = "90d"\nmax_cache_size = "50GB"\n${PRESETS}`, async (file) => {
    const { code, out, err } = await capture(["check-config", "--config", file]);
    assertEquals([code, err], [0, ""]);
    await withFile(out, async (second) => {
      assertEquals((await readConfig(second)).config, (await readConfig(file)).config);
    });
  });
});

Deno.test("the effective configuration names the origin of each value", async () => {
  Deno.env.set("PKGSTASH_LOG_FORMAT", "json");
  try {
    await withFile(`port = "81"\n[upstreams.manjaro]\npreset = "manjaro"\n`, async (file) => {
      const { out } = await capture(["check-config", "--config", file]);
      assertStringIncludes(out, `# Configuration file: ${file}\n`);
      assertStringIncludes(out, "port = 81 # file\n");
      assertStringIncludes(out, 'log_format = "json" # environment\n');
      assertStringIncludes(out, 'database_max_age = "5m" # default\n');
      assertMatch(out, /\[upstreams\.manjaro\]\nmirror_urls = \[.*\] # preset manjaro\n/);
    });
  } finally {
    Deno.env.delete("PKGSTASH_LOG_FORMAT");
  }
});

Deno.test("mirrors that only a mirrorlist names have it as their origin", async () => {
  const text = ["", "[upstreams.own]\nmirrored_repos = ['own']\n"]
    .map((table) => `${table}mirrorlist = "/etc/pacman.d/mirrorlist"\n`).join("");
  await withFile(text, async (file) => {
    const { out } = await capture(["check-config", "--config", file]);
    assertEquals(out.match(/^mirror_urls = .*$/gm), Array(2).fill("mirror_urls = [] # mirrorlist"));
  });
});

Deno.test("a mirrorlist that cannot be read is a warning, since the daemon starts without it", async () => {
  await withFile("", async (file) => {
    await Deno.writeTextFile(file, `mirrorlist = "${file}.list"\n`);
    const { code, out, err } = await capture(["check-config", "--config", file]);
    assertEquals(code, 0);
    assertStringIncludes(out, `mirrorlist = "${file}.list" # file\n`);
    assertEquals(
      err.trimEnd(),
      `pkgstash: Cannot read ${file}.list, the mirrorlist: no such file. Its mirrors are missing.`,
    );
    await Deno.writeTextFile(`${file}.list`, "Server = https://a.example/$repo/os/$arch\n");
    assertEquals((await capture(["check-config", "--config", file])).err, "");
  });
});

Deno.test("a TLS file that cannot be read fails the check, since the daemon does not start without it", async () => {
  await withFile("", async (file) => {
    await Deno.writeTextFile(`${file}.crt`, "a certificate");
    await Deno.writeTextFile(
      file,
      `tls_certificate = "${file}.crt"\ntls_key = "${file}.key"\n`,
    );
    const { code, err } = await capture(["check-config", "--config", file]);
    assertEquals(code, 1);
    assertEquals(
      err.trimEnd(),
      `pkgstash: Cannot read ${file}.key, the tls_key: no such file. The daemon cannot start.`,
    );
  });
});

Deno.test("a mirror whose address names no architecture is a warning", async () => {
  const cases: [string, boolean][] = [
    ["https://mirror.example/$repo/os", true],
    ["https://mirror.example/$repo/os/$arch", false],
    ["https://mirror.example/$repo/os/x86_64", false],
    ["https://mirror.example/archlinux/", false],
  ];
  for (const [mirror, isWarned] of cases) {
    await withFile(`mirror_urls = ["${mirror}"]\n`, async (file) => {
      const { code, err } = await capture(["check-config", "--config", file]);
      assertEquals([code, err.includes("has no $arch")], [0, isWarned], mirror);
    });
  }
});

Deno.test("the effective configuration has no secrets", async () => {
  const text = `
    env_file = "ENV"
    upstream_proxy = "http://me:s3cret@proxy.example:3128"
    mirror_urls = ["https://me:s3cret@mirror.example/archlinux/"]`;
  await withFile(text, async (file) => {
    const envFile = `${file}.env`;
    await Deno.writeTextFile(envFile, "PKGSTASH_TOKEN=s3cret\n", { mode: 0o600 });
    await Deno.writeTextFile(file, text.replace("ENV", envFile));
    assertEquals((await readConfig(file)).config.token, "s3cret");
    const { code, out, err } = await capture(["check-config", "--config", file]);
    assertEquals(code, 0, err);
    assert(!out.includes("s3cret"), out);
    assertStringIncludes(out, `# PKGSTASH_TOKEN is set, from: ${envFile}\n`);
    assertStringIncludes(out, "http://***@proxy.example:3128");
    assertStringIncludes(out, "https://***@mirror.example/archlinux/");
  });
});

Deno.test("a token that serve --make-token has made is named while no other is set", async () => {
  await withFile("", async (file) => {
    await Deno.writeTextFile(file, `state_root = "${file}.state"\n`);
    const tokenLine = async () => {
      const { out } = await capture(["check-config", "--config", file]);
      return /^# PKGSTASH_TOKEN .*$/m.exec(out)?.[0];
    };
    assertEquals(await tokenLine(), "# PKGSTASH_TOKEN is not set");
    await Deno.mkdir(`${file}.state`);
    await Deno.writeTextFile(`${file}.state/token`, "made\n");
    assertEquals(
      await tokenLine(),
      `# PKGSTASH_TOKEN is not set; serve --make-token uses ${file}.state/token`,
    );
    Deno.env.set("PKGSTASH_TOKEN", "given");
    try {
      assertEquals(await tokenLine(), "# PKGSTASH_TOKEN is set, from: environment");
    } finally {
      Deno.env.delete("PKGSTASH_TOKEN");
    }
  });
});

Deno.test("a wrong configuration prints all problems to standard error and exits with 1", async () => {
  await withFile('prot = 1\nport = "x"\n', async (file) => {
    const { code, out, err } = await capture(["check-config", "--config", file]);
    assertEquals([code, out], [1, ""]);
    assertEquals(err.trimEnd().split("\n"), [
      "pkgstash: Cannot use the configuration: 2 problems",
      `  ${file}: prot: found an unknown key, expected a known one (did you mean "port"?)`,
      `  ${file}: port: found "x", expected a port from 0 to 65535 (0 lets the system choose)`,
    ]);
  });
});

Deno.test("check-config needs permission to read and for its own variables only", async () => {
  await withFile('port = "x"', async (file) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-env=PKGSTASH_*,CREDENTIALS_DIRECTORY",
        MAIN,
        "check-config",
        "--config",
        file,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals([code, stdout.length], [1, 0], text);
    assertStringIncludes(text, `${file}: port: found "x"`);
    assert(!text.includes("    at "), text);
  });
});
