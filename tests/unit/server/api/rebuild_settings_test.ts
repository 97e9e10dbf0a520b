import { assertEquals } from "@std/assert";
import type { Job } from "../../../../src/api/builder.ts";
import { builtPackage, srcinfoText } from "../../../support/builds.ts";
import { BuildsApp } from "../../../support/builds_app.ts";

/** Sends the files of a package as an administrator does. */
async function send(daemon: BuildsApp, version: string): Promise<void> {
  const files = {
    PKGBUILD: `pkgname=foo\npkgver=${version}\n`,
    ".SRCINFO": srcinfoText("foo", { version }),
  };
  const { status } = await daemon.call("POST", "aur/folders", {
    files: Object.entries(files).map(([path, text]) => ({
      path,
      mode: "100644",
      base64: btoa(text),
    })),
  });
  assertEquals(status, 200);
}

/** Approves everything that waits. */
async function approve(daemon: BuildsApp): Promise<void> {
  for (const { id } of (await daemon.call("GET", "approvals")).value.approvals) {
    await daemon.call("POST", `approvals/${id}/approve`, { reason: "looked" });
  }
}

Deno.test("a rebuild has the settings that are approved for its files now, also those that published nothing yet", async () => {
  await using daemon = await BuildsApp.start({
    tables: () => '[builds]\npackager = "Builds <builds@example.invalid>"\n',
  });
  const builder = await daemon.builder("b1");
  const lease = async () => (await builder.lease())!;
  const rebuild = async (): Promise<Job> => {
    const { status, value } = await daemon.call("POST", "builds", {
      package: "foo",
      reason: "why",
    });
    assertEquals(status, 201, JSON.stringify(value));
    return await lease();
  };
  await send(daemon, "1.0");
  await approve(daemon);
  const first = await lease();
  assertEquals(first.settings.network, false);
  await builder.finish(first.id, [await builtPackage("foo")]);

  const { value: { settings } } = await daemon.call("GET", "aur/packages/foo/settings");
  await daemon.call("PUT", "aur/packages/foo/settings", {
    settings: { ...settings, network: true },
    reason: "it fetches crates",
  });
  await approve(daemon);
  const tuned = await lease();
  assertEquals([tuned.settings.network, tuned.pkgrel], [true, "1.1"]);
  await builder.failed(tuned.id, "build_error");
  const again = await rebuild();
  assertEquals([again.settings.network, again.pkgrel], [true, "1.1"]);
  await builder.failed(again.id, "build_error");

  // Nobody has approved the new settings for the old files once there are others.
  await send(daemon, "2.0");
  await approve(daemon);
  await builder.failed((await lease()).id, "build_error");
  const old = await rebuild();
  assertEquals([old.settings.network, old.pkgrel], [false, "1.1"]);
});

Deno.test("whether a package is built twice is its own setting, or else the configured one", async () => {
  for (const configured of [true, false]) {
    await using daemon = await BuildsApp.start({
      tables: () => `[builds]\nreproduce = ${configured}\n`,
    });
    const builder = await daemon.builder("b1");
    await send(daemon, "1.0");
    await approve(daemon);
    const usual = (await builder.lease())!;
    assertEquals(usual.reproduce, configured);
    await builder.failed(usual.id, "build_error");
    const { value: { settings } } = await daemon.call("GET", "aur/packages/foo/settings");
    assertEquals(settings.reproduce, null);
    const proposed = await daemon.call("PUT", "aur/packages/foo/settings", {
      settings: { ...settings, reproduce: !configured },
      reason: "its build is known to differ",
    });
    assertEquals(proposed.value.proposed.changes, [{
      ...{ name: "reproduce", before: "usual", after: configured ? "off" : "on" },
    }]);
    assertEquals(await builder.lease({ waitMs: 0 }), null, "nobody has approved it");
    await approve(daemon);
    assertEquals((await builder.lease())!.reproduce, !configured);
  }
});
