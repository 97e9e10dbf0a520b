import { assertEquals, assertMatch } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const DIRECTORY = "/core/os/x86_64";
const NAMES = ["gtk2+extra-2:1.0.r3+g12ab~1-1-any.pkg.tar.zst", "a@b-1-1-any.pkg.tar.zst"];

/** The addresses that a page links to, as a browser understands them. */
function linksOf(page: string, address: string): string[] {
  return [...page.matchAll(/href="([^"]*)"/g)].map(([, href]) =>
    new URL(href!.replaceAll("&amp;", "&").replaceAll("&#39;", "'"), address).href
  );
}

Deno.test("every directory has a page that links its subdirectories", async () => {
  await using app = await TestApp.start();
  const seen = new Set<string>();
  const visit = async (address: string) => {
    if (seen.has(address)) return;
    seen.add(address);
    const { status, headers, text } = await app.get(new URL(address).pathname);
    assertEquals(status, 200, address);
    assertMatch(headers.get("content-type")!, /^text\/html; charset=utf-8$/);
    for (const link of linksOf(text, address)) await visit(link);
  };
  await visit(`${app.origin}/`);
  const expected = [
    "",
    ...["core", "extra", "multilib"].flatMap((name) => [
      `${name}/`,
      `${name}/os/`,
      `${name}/os/x86_64/`,
    ]),
  ];
  assertEquals([...seen].sort(), expected.map((path) => `${app.origin}/${path}`).sort());
});

Deno.test("the page of a repository links every cached file, whatever its name", async () => {
  await using app = await TestApp.start();
  for (const [index, name] of NAMES.entries()) {
    app.put(`${DIRECTORY}/${name}`, packageBytes(3 * 1024 * 1024, index));
    await app.warm(`${DIRECTORY}/${name}`);
  }
  app.put(`${DIRECTORY}/core.db`, await syncDbBytes([]));
  await app.get(`${DIRECTORY}/core.db`);
  await app.log.waitFor(/snapshot published/);
  const { text } = await app.get(`${DIRECTORY}/`);
  const links = linksOf(text, `${app.origin}${DIRECTORY}/`);
  assertEquals(links.length, NAMES.length + 2);
  for (const [index, name] of NAMES.entries()) {
    const link = links.find((each) => decodeURIComponent(each).endsWith(`/${name}`))!;
    assertEquals(link.startsWith(app.origin), true, link);
    const { status, headers, body } = await app.get(new URL(link).pathname);
    assertEquals([status, headers.get("x-cache")], [200, "HIT"]);
    assertEquals(body, packageBytes(3 * 1024 * 1024, index));
  }
  assertEquals(links.some((link) => link.endsWith("/core.db")), true);
  assertMatch(text, /3 MiB/);
  assertMatch(text, /2026-11-01 12:00/);
});

Deno.test("a page lists only files of the repository: no state, no part files", async () => {
  await using app = await TestApp.start();
  const path = `${DIRECTORY}/${NAMES[0]}`;
  app.put(path, packageBytes(100_000, 1));
  app.mirror.behave(path, { kind: "stallAfter", bytes: 50_000 }, 1);
  await Deno.mkdir(app.pathOf(DIRECTORY), { recursive: true });
  for (const name of ["x.part", ".hidden", "note.txt", "foo-1-1-any.pkg.tar.zst.part", "core.db"]) {
    await Deno.writeTextFile(app.pathOf(`${DIRECTORY}/${name}`), "x");
  }
  await Deno.mkdir(app.pathOf(`${DIRECTORY}/dir-1-1-any.pkg.tar.zst`));
  using client = await app.open(path);
  await client.peek(1);
  for (const directory of ["/", "/core/", `${DIRECTORY}/`]) {
    const { text } = await app.get(directory);
    assertEquals(/pkgstash\/|\.part|hidden|note|gtk2|core\.db|dir-1/.test(text), false, text);
  }
});

Deno.test("a page escapes names and allows no scripts", async () => {
  await using app = await TestApp.start({
    tables: ([mirror]) =>
      `[upstreams.other]\nmirror_urls = ["${mirror!.url}"]\nmirrored_repos = ["@a+b"]\n`,
  });
  const { text, headers } = await app.get("/other/");
  assertEquals(linksOf(text, `${app.origin}/other/`)[1], `${app.origin}/other/@a+b/`);
  assertMatch(headers.get("content-security-policy")!, /default-src 'none'/);
  assertEquals(/<script|javascript:|onload/i.test(text), false);
  // Nothing of the request gets into a page.
  const echoed = await app.get("/core/?%3Cscript%3Ealert(1)%3C/script%3E");
  assertEquals([echoed.status, echoed.text.includes("script")], [200, false]);
});

Deno.test("a directory without its trailing slash is redirected, and HEAD has no body", async () => {
  await using app = await TestApp.start();
  for (const directory of ["/core", "/core/os", DIRECTORY]) {
    const { status, headers } = await app.get(directory);
    assertEquals([status, headers.get("location")], [301, `${directory}/`]);
  }
  const head = await app.request("HEAD", `${DIRECTORY}/`);
  assertEquals([head.status, head.body.length], [200, 0]);
  for (const directory of ["/nothing/", "/core/os/i686/", "/os/"]) {
    assertEquals((await app.get(directory)).status, 404);
  }
});
