import { assert, assertEquals, assertRejects } from "@std/assert";
import { PkgstashError, reasonOf } from "../../../src/errors.ts";
import { HttpClient, redirectPolicy } from "../../../src/platform/http_client.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";

const SECRETS = { "authorization": "Basic c2VjcmV0", "x-api-key": "secret" };
const CONDITIONS = {
  "if-modified-since": "Sun, 01 Nov 2026 12:00:00 GMT",
  "if-none-match": '"a"',
  "if-range": '"a"',
  "range": "bytes=1-2",
  "via": "1.1 pkgstash",
};

/** A client and two mirrors, of which the first redirects everything as the test says. */
class Bed implements AsyncDisposable {
  readonly redirects = redirectPolicy(null);
  readonly client = new HttpClient({
    userAgent: "test",
    upstreamProxy: null,
    redirects: this.redirects,
  });

  private constructor(readonly first: FakeMirror, readonly other: FakeMirror) {}

  static async start(): Promise<Bed> {
    return new Bed(await FakeMirror.start(), await FakeMirror.start());
  }

  redirect(path: string, to: string, code: 301 | 302 | 303 | 307 | 308 = 302): void {
    this.first.behave(path, { kind: "redirect", url: to, code });
  }

  trustOther(): void {
    this.redirects.trust([new URL(this.other.url).host]);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const response = await this.client.get(
      `${this.first.url}${path}`,
      headers,
      AbortSignal.timeout(10_000),
    );
    await response.body?.cancel();
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.first[Symbol.asyncDispose]();
    await this.other[Symbol.asyncDispose]();
  }
}

Deno.test("a redirect to an address of this machine reaches nobody", async () => {
  await using bed = await Bed.start();
  bed.redirect("/a", `${bed.other.url}secret`);
  await assertRejects(() => bed.get("a"), PkgstashError, "add it to redirect_hosts");
  assertEquals(bed.other.count(), 0);
});

Deno.test("every status of a redirect is followed to a host that is named", async (t) => {
  await using bed = await Bed.start();
  bed.trustOther();
  bed.other.put("/b", new Uint8Array(3));
  for (const code of [301, 302, 303, 307, 308] as const) {
    await t.step(String(code), async () => {
      bed.redirect("/a", `${bed.other.url}b`, code);
      assertEquals((await bed.get("a")).status, 200);
    });
  }
  assertEquals(bed.other.count("/b", "GET"), 5);
});

Deno.test("a redirect keeps conditions and ranges, but secrets only on the same host", async () => {
  await using bed = await Bed.start();
  bed.trustOther();
  bed.redirect("/here", "/there");
  bed.redirect("/away", `${bed.other.url}there`);
  await bed.get("here", { ...SECRETS, ...CONDITIONS });
  await bed.get("away", { ...SECRETS, ...CONDITIONS });
  const [, here] = bed.first.requests;
  const [away] = bed.other.requests;
  assertEquals([here!.path, away!.path], ["/there", "/there"]);
  for (const [name, value] of Object.entries(CONDITIONS)) {
    assertEquals([here!.headers.get(name), away!.headers.get(name)], [value, value], name);
  }
  for (const [name, value] of Object.entries(SECRETS)) {
    assertEquals([here!.headers.get(name), away!.headers.get(name)], [value, null], name);
  }
});

Deno.test("the password of a URL stays with its host, and so does one from a redirect", async () => {
  await using bed = await Bed.start();
  bed.trustOther();
  bed.redirect("/here", `${bed.first.url.replace("//", "//user:password@")}there`);
  bed.redirect("/there", bed.other.url.replace("//", "//user:password@"));
  const url = `${bed.first.url.replace("//", "//me:secret@")}here`;
  const response = await bed.client.get(url, {}, AbortSignal.timeout(10_000));
  await response.body?.cancel();
  const sent = [...bed.first.requests, ...bed.other.requests]
    .map(({ headers }) => headers.get("authorization"));
  assertEquals(sent, [`Basic ${btoa("me:secret")}`, `Basic ${btoa("me:secret")}`, null]);
});

Deno.test("redirects in a circle end", async () => {
  await using bed = await Bed.start();
  bed.redirect("/a", "/b");
  bed.redirect("/b", "/a");
  await assertRejects(() => bed.get("a"), PkgstashError, "redirects more than 5 times");
  assertEquals(bed.first.count(), 6);
});

Deno.test("an error does not show the query of a redirect, which may grant access", async (t) => {
  for (const way of ["refuses connections", "closes them without a response"] as const) {
    await t.step(`by a mirror that ${way}`, async () => {
      await using bed = await Bed.start();
      bed.trustOther();
      bed.redirect("/a", `${bed.other.url}b?signature=secret`);
      if (way === "refuses connections") await bed.other.down();
      else bed.other.behave("*", { kind: "refuse" });
      const error = await assertRejects(() => bed.get("a"));
      assert(!`${error} ${reasonOf(error)}`.includes("secret"), `${error} ${reasonOf(error)}`);
    });
  }
});

Deno.test("a HEAD stays a HEAD through a redirect", async () => {
  await using bed = await Bed.start();
  bed.redirect("/a", "/b", 303);
  await bed.client.head(`${bed.first.url}a`, {}, AbortSignal.timeout(10_000));
  assertEquals(bed.first.requests.map(({ method }) => method), ["HEAD", "HEAD"]);
});
