// The installed package in a system booted with the real systemd. Needs root.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { TestBed } from "../../support/end_to_end/test_bed.ts";
import { InstalledService, SERVICE } from "../../support/machine/installed_service.ts";
import { sha256OfFile } from "../../support/sha256.ts";
import { until } from "../../support/until.ts";

const REFRESH = "pkgstash-refresh.service";

const PROBE = new URL("../../support/machine/sandbox_probe.sh", import.meta.url);

/** What the service's user can do without the sandbox. */
const SANDBOXED = [
  "write where everybody may",
  "see home",
  "see another's process",
  "see the machine's temporary files",
  "make a namespace",
  "change its personality",
];

Deno.test("the installed service works in a booted system", async (t) => {
  await using bed = await TestBed.create();
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root }, {
    root: repositories.root,
    limitRate: "400k",
  });
  await using service = await InstalledService.boot();
  const { machine } = service;
  const mirrors = (server = 0) => `mirror_urls = ["${mirror.url(server)}"]`;
  const repos = 'mirrored_repos = ["core", "extra"]';

  await t.step(
    "the service starts with the installed configuration and reports its address",
    async () => {
      // The machine shares our network, where the default port may be taken.
      await service.edit(SERVICE, "port", `Environment=PKGSTASH_PORT=${service.port}`);
      await service.systemctl("enable", "--now", SERVICE, "pkgstash-refresh.timer");
      assertEquals(await service.property("ActiveState"), "active");
      assertEquals(
        await service.property("StatusText"),
        `Serving on http://localhost:${service.port}`,
      );
      assertEquals(await service.statusOf("/healthz"), 200);
      await service.edit(SERVICE, "port", "");
      assertEquals((await service.systemctl("is-enabled", SERVICE)).trim(), "enabled");
    },
  );

  await t.step("the service serves pacman", async () => {
    await service.configure(mirrors(), repos);
    await service.restart();
    const client = await bed.client([`${service.url}$repo/os/$arch`]);
    await client.run("-Sy", "app");
    await assertDownloaded(client, repositories.package("app"));
  });

  await t.step("the sandbox allows writing the cache and nothing else", async () => {
    await service.root.write("home/user/secret", "");
    await machine.run("install", "-d", "-m", "777", "/opt/open");
    await machine.run("touch", "/tmp/visible");
    const probe = await Deno.readTextFile(PROBE);
    await service.root.write("usr/lib/sandbox_probe", probe);
    const unit = await service.root.read(`usr/lib/systemd/system/${SERVICE}`);
    const start = "ExecStart=/bin/sh /usr/lib/sandbox_probe";
    await service.root.write(
      "etc/systemd/system/probe.service",
      unit.replace(/^Type=.*$/m, "Type=oneshot").replace(/^ExecStart=.*$/m, start)
        .replaceAll(/^(?:WatchdogSec|Restart|RestartSec)=.*\n/gm, ""),
    );
    await service.root.write(
      "etc/systemd/system/free.service",
      `[Service]\nType=oneshot\nUser=pkgstash\n${start}\n`,
    );
    await service.systemctl("daemon-reload");
    await service.systemctl("start", "probe.service", "free.service");
    const lines = (await machine.journal("probe.service")).split("\n");
    const possible = lines.filter((line) => line.endsWith(": possible"));
    assertEquals(possible, ["write the cache: possible"]);
    assertEquals(lines.filter((line) => line.endsWith(": refused")).length, 24, lines.join("\n"));
    // The same user without the sandbox can do these, so it is the sandbox that refuses them.
    const free = (await machine.journal("free.service")).split("\n");
    for (const what of SANDBOXED) assert(free.includes(`${what}: possible`), what);
    for (const fact of ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"]) {
      assert(lines.includes(fact), fact);
    }
    const main = await service.property("MainPID");
    const status = await machine.run("cat", `/proc/${main}/status`);
    assertMatch(status, /^NoNewPrivs:\t1$/m);
    assertMatch(status, /^Seccomp:\t2$/m);
    assertMatch(status, /^CapBnd:\t0{16}$/m);
  });

  await t.step("a reload applies a good configuration and rejects a bad one", async () => {
    const core = "core/os/x86_64/core.db";
    const extra = "extra/os/x86_64/extra.db";
    const main = await service.property("MainPID");
    await service.configure(mirrors(), 'mirrored_repos = ["core"]');
    await service.systemctl("reload", SERVICE);
    await until("extra is no longer served", async () => await service.statusOf(extra) === 404);
    assertEquals(await service.statusOf(core), 200);
    await service.configure(mirrors(), repos, 'no_key = "x"');
    await service.systemctl("reload", SERVICE);
    await until(
      "the status reports the bad configuration",
      async () => (await service.property("StatusText")).includes("no_key: found an unknown key"),
    );
    assertEquals(await service.statusOf(core), 200);
    await service.configure(mirrors(), repos);
    await service.systemctl("reload", SERVICE);
    await until("extra is served", async () => await service.statusOf(extra) === 200);
    assertEquals(await service.property("MainPID"), main);
  });

  await t.step("a killed service is restarted", async () => {
    const before = await service.property("MainPID");
    await machine.run("kill", "-9", before);
    await until(
      "the service is restarted",
      async () =>
        await service.property("NRestarts") === "1" &&
        await service.property("ActiveState") === "active",
    );
    assert(await service.property("MainPID") !== before);
    assertEquals(await service.statusOf("healthz"), 200);
  });

  await t.step("a hung service is killed by the watchdog and restarted", async () => {
    await service.edit(SERVICE, "watchdog", "WatchdogSec=2", "TimeoutAbortSec=1");
    await service.restart();
    const before = await service.property("MainPID");
    await machine.run("kill", "-STOP", before);
    await until("the service is restarted", async () => {
      const pid = await service.property("MainPID");
      return pid !== before && pid !== "0" && await service.property("ActiveState") === "active";
    });
    assertStringIncludes(await machine.journal(SERVICE), "Watchdog timeout");
    assertEquals(await service.statusOf("healthz"), 200);
  });

  await t.step("a token is read from the installed file, or from LoadCredential=", async () => {
    const level = (token: string) =>
      service.statusOf("api/loglevel", {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: '{"loglevel":"info"}',
      });
    const installed = /^PKGSTASH_TOKEN=(.*)$/m.exec(
      await service.root.read("etc/pkgstash/pkgstash.env"),
    )![1]!;
    assertEquals(await level(installed), 204);
    await service.root.write("etc/loaded", "from-a-credential\n");
    await machine.run("chmod", "600", "/etc/loaded");
    await service.edit(SERVICE, "credential", "LoadCredential=pkgstash.token:/etc/loaded");
    await service.restart();
    assertEquals([await level("from-a-credential"), await level(installed)], [204, 401]);
    await service.edit(SERVICE, "credential", "");
    await service.restart();
    assertEquals(await level(installed), 204);
  });

  await t.step(
    "the timer's service refreshes, and is a failed unit when the refresh fails",
    async () => {
      assertStringIncludes(await service.systemctl("list-timers"), "pkgstash-refresh.timer");
      await service.root.write(
        "etc/pkgstash/pkgstash.env",
        `${await service.root.read("etc/pkgstash/pkgstash.env")}PKGSTASH_URL=${service.url}\n`,
      );
      const fetched = (await mirror.requests()).length;
      await service.systemctl("start", REFRESH);
      assertEquals(await machine.property(REFRESH, "Result"), "success");
      assert((await mirror.requests()).length > fetched);
      await service.configure('mirror_urls = ["http://127.0.0.1:9/"]', repos);
      await service.restart();
      const { code } = await machine.try("systemctl", "start", REFRESH);
      assertEquals(code, 1);
      assertStringIncludes(await service.systemctl("--failed"), REFRESH);
      await service.systemctl("reset-failed", REFRESH);
    },
  );

  await t.step("a stop waits for transfers in flight", async () => {
    await service.configure(mirrors(1), repos);
    await service.restart();
    const wanted = repositories.package("bulk-1");
    const response = await fetch(new URL(`extra/os/x86_64/${wanted.file}`, service.url));
    const reader = response.body!.getReader();
    let received = (await reader.read()).value!.length;
    const stopping = service.systemctl("stop", SERVICE);
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      received += read.value.length;
    }
    await stopping;
    assertEquals(received, (await Deno.stat(wanted.path)).size);
    assertEquals(await service.property("Result"), "success");
    assertEquals(
      await sha256OfFile(service.root.path(`var/cache/pkgstash/extra/os/x86_64/${wanted.file}`)),
      await sha256OfFile(wanted.path),
    );
  });

  await t.step("removing the package stops and disables the service", async () => {
    await service.systemctl("start", SERVICE);
    const scriptlet = await service.installScript("pkgstash");
    await machine.run("bash", "-c", `${scriptlet}\npre_remove`);
    await service.root.pacman("-R", "pkgstash");
    await machine.run("bash", "-c", `${scriptlet}\npost_remove`);
    assertEquals((await machine.try("systemctl", "is-active", SERVICE)).output.trim(), "inactive");
    assertEquals((await machine.try("systemctl", "cat", SERVICE)).code, 1);
  });
});
