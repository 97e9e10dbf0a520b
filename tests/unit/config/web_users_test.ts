import { assertEquals, assertStringIncludes } from "@std/assert";
import { webUserWarnings } from "../../../src/config/web_users.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { configOf } from "../../support/configuration.ts";

function warningsOf(toml: string): string[] {
  return webUserWarnings(configOf(toml));
}

Deno.test("the log warns if no proxy can name users, or anybody can", () => {
  const header = 'web_user_header = "Remote-User"\n';
  assertEquals(warningsOf(""), []);
  assertEquals(warningsOf(`${header}trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]`), []);
  const [unasked = ""] = warningsOf(header);
  assertStringIncludes(unasked, "web_user_header has no effect without trusted_proxies");
  const [unnamed = ""] = warningsOf('web_administrators = ["anna"]');
  assertStringIncludes(unnamed, "have no effect without web_user_header");
  for (const all of ["0.0.0.0/0", "::/0"]) {
    const [open = ""] = warningsOf(`${header}trusted_proxies = ["10.0.0.1", "${all}"]`);
    assertStringIncludes(open, "Anybody can act as any user");
  }
});

Deno.test("the user header must be one that only a proxy would set", () => {
  const { type } = SETTINGS.webUserHeader;
  for (const name of ["Remote-User", "X-Forwarded-User", "X-Auth-Request-Preferred-Username"]) {
    assertEquals(type.parse(name, "/"), { ok: true, value: name });
  }
  for (
    const name of ["Cookie", "authorization", "Host", "User-Agent", "Remote_User", "a b", "X:"]
  ) {
    assertEquals(type.parse(name, "/").ok, false, name);
  }
});
