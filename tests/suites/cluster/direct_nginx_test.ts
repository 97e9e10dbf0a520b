// nginx that serves packages straight from the cache of pkgstash, by the example for it.
import { assert, assertEquals } from "@std/assert";
import { runCommand } from "../../support/child_process.ts";
import { untilDownloadsEnd } from "../../support/daemon_metrics.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { DirectNginx, IS_OTHER_USER } from "./direct_nginx.ts";

const HITS = 20;
const SECRET = "the secret of this machine";

/** Both, with two packages of which the first one is in the cache. */
async function startWithPackage(): Promise<DirectNginx> {
  const direct = await DirectNginx.start();
  try {
    await direct.repository.set("a", 1).set("b", 1).publish();
    await direct.ask(direct.repository.path("core.db"));
    const missed = await direct.ask(direct.repository.package("a", 1));
    assertEquals([missed.status, missed.headers.get("x-cache")], [200, "MISS"]);
    await untilDownloadsEnd(direct.daemon.url.slice(0, -1));
    return direct;
  } catch (error) {
    await direct[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test("nginx serves hits, and pkgstash serves misses and learns of every use", async () => {
  await using direct = await startWithPackage();
  const { repository } = direct;
  for (let hit = 0; hit < HITS; hit++) {
    const { status, headers, body } = await direct.ask(repository.package("a", 1));
    assertEquals([status, headers.get("x-cache"), headers.has("etag")], [200, "HIT", false]);
    assertSameBytes(body, repository.bytesOf("a"));
  }
  const missed = await direct.ask(repository.package("b", 1));
  assertEquals(missed.headers.get("x-cache"), "MISS");
  assertSameBytes(missed.body, repository.bytesOf("b"));
  const requests = (await direct.requestsToTheEnd()).map(({ path, status }) => `${status} ${path}`);
  assertEquals(requests.filter((request) => request.includes(".zst")).toSorted(), [
    `200 ${repository.package("a", 1)}`,
    `200 ${repository.package("b", 1)}`,
    `304 ${repository.package("a", 1)}`,
  ]);
  // The first one, and one that stands for all hits of ten minutes.
  assertEquals(direct.usesOf("a-1-1-any.pkg.tar.zst"), 2);
  assertEquals(direct.mirror.count(repository.package("a", 1), "GET"), 1);
});

Deno.test("databases, signatures, HEAD and ranges are answered as by pkgstash itself", async (t) => {
  await using direct = await startWithPackage();
  const { repository } = direct;
  const signature = `${repository.package("a", 1)}.sig`;
  await direct.ask(signature);
  await untilDownloadsEnd(direct.daemon.url.slice(0, -1));
  for (const path of [signature, repository.path("core.db")]) {
    await t.step(path, async () => {
      const { status, headers } = await direct.ask(path);
      assertEquals([status, headers.get("x-cache"), headers.has("etag")], [200, "HIT", true]);
    });
  }
  const ranged = await direct.ask(repository.package("a", 1), {
    headers: { range: "bytes=10-19" },
  });
  assertEquals([ranged.status, ranged.headers.has("etag")], [206, true]);
  assertSameBytes(ranged.body, repository.bytesOf("a").subarray(10, 20));
  const asked = await direct.ask(repository.package("a", 1), { method: "HEAD" });
  assertEquals(asked.headers.get("content-length"), String(repository.bytesOf("a").length));
  await direct.requestsToTheEnd();
  // The range is one more, and a HEAD is none.
  assertEquals(direct.usesOf("a-1-1-any.pkg.tar.zst"), 2);
});

Deno.test("nginx reaches nothing but packages in the cache directory", async (t) => {
  await using direct = await startWithPackage();
  const outside = direct.cached("../secret");
  await Deno.writeTextFile(outside, SECRET, { mode: 0o644 });
  await Deno.chmod(direct.cached(".."), 0o755);
  const fake = "core/os/x86_64/secret-1-1-any.pkg.tar.zst";
  for (const folder of ["parts", "quarantine"]) {
    await Deno.mkdir(direct.cached(`.pkgstash/${folder}/core/os/x86_64`), { recursive: true });
    await Deno.writeTextFile(direct.cached(`.pkgstash/${folder}/${fake}`), SECRET, { mode: 0o644 });
  }
  await Deno.writeTextFile(direct.cached(".pkgstash/secret"), SECRET, { mode: 0o644 });
  for (
    const target of [
      "/.pkgstash/index.sqlite",
      "/.pkgstash/VERSION",
      "/.pkgstash/secret",
      `/.pkgstash/parts/${fake}`,
      `/.pkgstash/quarantine/${fake}`,
      `/%2epkgstash/parts/${fake}`,
      `//.pkgstash//parts/${fake}`,
      `/core/../.pkgstash/parts/${fake}`,
      `/core/%2e%2e/.pkgstash/parts/${fake}`,
      `/core/..%2f.pkgstash/parts/${fake}`,
      "/core/os/x86_64/../../../../secret",
      "/.direct/.pkgstash/secret",
      "/.direct/core/os/x86_64/a-1-1-any.pkg.tar.zst",
      "/.direct../secret",
      "/.used",
      "/api/v1/status",
    ]
  ) {
    await t.step(target, async () => {
      const { status, text } = await direct.ask(target);
      assert([400, 403, 404].includes(status), `${target} is answered with ${status}`);
      assert(!text.includes(SECRET), target);
    });
  }
});

Deno.test("nginx follows no symbolic link and asks pkgstash instead", async () => {
  await using direct = await startWithPackage();
  const path = direct.repository.package("a", 1);
  await Deno.rename(direct.cached(path), direct.cached("../a"));
  await Deno.symlink(direct.cached("../a"), direct.cached(path));
  const { status, headers } = await direct.ask(path);
  assertEquals([status, headers.get("x-cache"), headers.has("etag")], [200, "HIT", true]);
});

Deno.test({
  name: "a package that nginx may not read comes from pkgstash",
  ignore: !IS_OTHER_USER,
  fn: async () => {
    await using direct = await startWithPackage();
    const path = direct.repository.package("a", 1);
    await runCommand(["setfacl", "--remove-all", direct.cached(path)]);
    const { status, headers, body } = await direct.ask(path);
    assertEquals([status, headers.get("x-cache"), headers.has("etag")], [200, "HIT", true]);
    assertSameBytes(body, direct.repository.bytesOf("a"));
  },
});
