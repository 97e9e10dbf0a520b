import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { CERTIFICATE, writeCertificate } from "../../support/localhost_certificate.ts";
import { ScriptlessBrowser } from "../../support/scriptless_browser.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const SETTINGS = { refresh_interval: "0" };
/** What makes a browser keep it from other hosts, and from pages without TLS. */
const SECURE_COOKIE =
  /^__Host-pkgstash=[\w.-]+; Secure; HttpOnly; Max-Age=43200; SameSite=Strict; Path=\/$/;
const REMOVED = /^__Host-pkgstash=; Secure; HttpOnly; Max-Age=0; SameSite=Strict; Path=\/$/;

Deno.test("over TLS the cookie is one that no other host and no page without TLS can set", async (t) => {
  await using folder = await TempFolder.create();
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, ...await writeCertificate(folder) },
  });
  for (
    const [name, options] of [["HTTP/1.1", { http2: false }], ["HTTP/2", { http1: false }]] as const
  ) {
    await t.step(name, async () => {
      using client = Deno.createHttpClient({ caCerts: [CERTIFICATE], ...options });
      const ask = async (path: string, init: RequestInit = {}) => {
        const response = await fetch(app.origin + path, { client, redirect: "manual", ...init });
        return { status: response.status, headers: response.headers, text: await response.text() };
      };
      const post = (path: string, cookie: string, fields: Record<string, string> = {}) =>
        ask(path, {
          method: "POST",
          headers: { origin: app.origin, cookie },
          body: new URLSearchParams(fields),
        });
      const { status, headers } = await post("/admin/login", "", { token: TOKEN });
      assertEquals([status, headers.get("location")], [303, "/admin/"]);
      const set = headers.get("set-cookie") ?? "";
      assertMatch(set, SECURE_COOKIE);
      const cookie = set.split(";")[0]!;
      const signedIn = await ask("/admin/", { headers: { cookie } });
      assertStringIncludes(signedIn.text, "Ready for the first client");
      // Another port of the host, or a page without TLS, can set a cookie of this name.
      const planted = cookie.replace("__Host-", "");
      assertMatch((await ask("/admin/", { headers: { cookie: planted } })).text, /<h1>Sign in/);
      const out = await post("/admin/logout", cookie);
      assertMatch(out.headers.get("set-cookie") ?? "", REMOVED);
      assertMatch((await ask("/admin/", { headers: { cookie } })).text, /<h1>Sign in/);
    });
  }
});

/** A daemon that trusts a proxy on this machine, which is reached as packages.example.org. */
async function startBehindProxy(): Promise<TestApp> {
  return await TestApp.start({
    token: TOKEN,
    settings: {
      ...SETTINGS,
      trusted_proxies: ["127.0.0.1"],
      allowed_hosts: ["packages.example.org"],
    },
  });
}

Deno.test("behind a proxy with TLS the cookie is the same, and the API's URLs have https", async () => {
  await using app = await startBehindProxy();
  const browser = new ScriptlessBrowser(app);
  const proxied = {
    "host": "packages.example.org",
    "x-forwarded-proto": "https",
    "x-forwarded-for": "192.0.2.7",
    "origin": "https://packages.example.org",
  };
  const { status, headers } = await browser.post("/admin/login", { token: TOKEN }, proxied);
  assertEquals(status, 303);
  assertMatch(headers.get("set-cookie") ?? "", SECURE_COOKIE);
  assertStringIncludes(
    (await browser.get("/admin/", proxied)).text,
    "https://packages.example.org/",
  );
  // Without TLS in front of it, that cookie does not count.
  assertMatch((await browser.get("/admin/")).text, /<h1>Sign in/);
  assertEquals(
    (await browser.post("/admin/login", { token: TOKEN }, {
      ...proxied,
      origin: "https://evil.example",
    })).status,
    403,
  );
});

Deno.test("a header from an untrusted peer does not decide whether the cookie needs TLS", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, trusted_proxies: ["192.0.2.7"] },
  });
  const browser = new ScriptlessBrowser(app);
  const forged = {
    "x-forwarded-proto": "https",
    "x-forwarded-for": "192.0.2.7",
    "origin": app.origin,
  };
  const { status, headers } = await browser.post("/admin/login", { token: TOKEN }, forged);
  assertEquals(status, 303);
  const set = headers.get("set-cookie") ?? "";
  assertEquals([set.includes("__Host-"), set.includes("Secure")], [false, false], set);
  const page = await browser.get("/admin/", forged);
  assertStringIncludes(page.text, app.origin);
  assertEquals(page.text.includes(app.origin.replace("http:", "https:")), false);
});

Deno.test("behind a proxy with TLS, a page without TLS cannot change anything", async () => {
  await using app = await startBehindProxy();
  const browser = new ScriptlessBrowser(app);
  const { status } = await browser.post("/admin/login", { token: TOKEN }, {
    "host": "packages.example.org",
    "x-forwarded-proto": "https",
    "origin": "http://packages.example.org",
  });
  assertEquals(status, 403);
});
