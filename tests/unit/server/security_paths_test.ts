import { assertEquals, assertMatch } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const FILE = "foo-1-1-any.pkg.tar.zst";

/** Names of everything on disk below the cache directory. */
async function tree(app: TestApp, below = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(app.pathOf(below))) {
    const path = `${below}/${name}`;
    names.push(path, ...(isDirectory ? await tree(app, path) : []));
  }
  return names.sort();
}

Deno.test("a path cannot leave the configured repositories, on disk or upstream", async (t) => {
  await using app = await TestApp.start();
  app.put(`/core/os/x86_64/${FILE}`, packageBytes(1000, 1));
  await Deno.writeTextFile(app.pathOf("secret"), "secret");
  const before = await tree(app);
  for (
    const target of [
      `/core/os/x86_64/../x86_64/${FILE}`,
      `/core/os/x86_64/%2e%2e/x86_64/${FILE}`,
      `/core/os/x86_64/.%2E/x86_64/${FILE}`,
      `/core/os/x86_64/%252e%252e/x86_64/${FILE}`,
      `/core/os/x86_64/..%2fx86_64%2f${FILE}`,
      `/core/os/x86_64/..%252fx86_64/${FILE}`,
      `/core/os/x86_64/..%5cx86_64%5c${FILE}`,
      `/core/os/x86_64\\${FILE}`,
      `/core/os/x86_64//${FILE}`,
      `//core/os/x86_64/${FILE}`,
      `/core//os/x86_64/${FILE}`,
      `/core/os/x86_64/./${FILE}`,
      `/core/os/x86_64/${FILE}/`,
      `/core/os/x86_64/${FILE}%00`,
      `/core/os/x86_64/${FILE}%00.sig`,
      `/core/os/x86_64/${FILE}%0d%0aX-Evil:%20yes`,
      `/core/os/x86_64/%1b[2J${FILE}`,
      `/core/os/x86_64/.${FILE}`,
      `/core/os/x86_64/-${FILE}`,
      `/core/os/x86_64/${"a".repeat(240)}-1-1-any.pkg.tar.zst`,
      `/core/os/x86_64/${"a".repeat(5000)}-1-1-any.pkg.tar.zst`,
      `/core/os/x86_64/ä-1-1-any.pkg.tar.zst`,
      `/core/os/x86_64/%C3%A4-1-1-any.pkg.tar.zst`,
      `/core%2fos%2fx86_64%2f${FILE}`,
      `/core/os/i686/${FILE}`,
      `/CORE/os/x86_64/${FILE}`,
      `/testing/os/x86_64/${FILE}`,
      `/core/os/x86_64/index.html`,
      `/core/os/x86_64/lastsync`,
      `/secret`,
      `/../secret`,
      `/.pkgstash/`,
      `/.pkgstash/VERSION`,
      `/.pkgstash/lock`,
      `/%2epkgstash/VERSION`,
      `/core/os/x86_64/../../../.pkgstash/VERSION`,
      `/cache/../secret`,
      `/cache/..%2fsecret`,
      `/cache/.pkgstash%2fVERSION`,
      `/cache/core/os/x86_64/${FILE}`,
      `/etc/passwd`,
      `/../../../../etc/passwd`,
      `/%`,
      `/%zz`,
      `/%ff%fe`,
      `http://other.example/../etc/passwd`,
      `http://other.example//core/os/x86_64/${FILE}`,
      `http://127.0.0.1:1/.pkgstash/VERSION`,
    ]
  ) {
    for (const method of ["GET", "HEAD"]) {
      await t.step(`${method} ${target.slice(0, 80)}`, async () => {
        const { status, headers, text } = await app.request(method, target);
        assertEquals([400, 404].includes(status), true, `${status}`);
        // Deno itself refuses what is not valid HTTP, without a body.
        if (status === 404) assertMatch(headers.get("content-type")!, /^text\/plain/);
        if (method === "GET" && status === 404) {
          assertMatch(
            text,
            /^(No such .*|The (repository|architecture) \S+ is not mirrored\. .*)\n$/,
          );
        }
        assertEquals(headers.get("x-evil"), null);
      });
    }
  }
  assertEquals(app.count(), 0);
  assertEquals(await tree(app), before);
});

Deno.test("control characters in a request target cannot start a log line", async () => {
  await using app = await TestApp.start();
  for (
    const target of ["/a%0a2026-11-23 INFO forged", "/a%0d%0aforged", "/a%1b[31m", "/%E2%80%AE"]
  ) {
    await app.get(target);
  }
  await app.log.waitFor(/ request /, 3);
  for (const line of app.log.lines) {
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    assertEquals(/[\x00-\x1f\x7f\u2028\u2029\u202e]/.test(line), false, line);
    assertMatch(line, /^\d{4}-\d\d-\d\dT\S+Z [A-Z]+ /);
  }
});

Deno.test("a target in absolute form means its path", async () => {
  await using app = await TestApp.start();
  app.put(`/core/os/x86_64/${FILE}`, packageBytes(1000, 1));
  const { body } = await app.get(`http://other.example/core/os/x86_64/${FILE}`);
  assertEquals(body, packageBytes(1000, 1));
});

Deno.test("a wrong method is 405 and names the allowed ones", async (t) => {
  await using app = await TestApp.start();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]) {
    for (const target of ["/", `/core/os/x86_64/${FILE}`, "/healthz", "/metrics", "/nothing"]) {
      await t.step(`${method} ${target}`, async () => {
        const { status, headers, text } = await app.request(method, target, { body: "x" });
        assertEquals([status, headers.get("allow")], [405, "GET, HEAD"]);
        assertMatch(headers.get("content-type")!, /^text\/plain/);
        assertEquals(text.includes("GET, HEAD"), true);
      });
    }
  }
  assertEquals(app.count(), 0);
});
