import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { proxiedUser } from "../../../../src/server/admin/proxied_user.ts";

const SETTINGS = {
  webUserHeader: "Remote-User",
  webUserRole: "viewer",
  webApprovers: ["anna", "both"],
  webAdministrators: ["root", "both", "Jörg"],
} as const;

/** What is made of the header's values, with several of them as a proxy passes them on. */
function userOf(values: readonly string[], settings: Partial<typeof SETTINGS> | object = {}) {
  const headers = new Headers();
  for (const value of values) headers.append("remote-user", value);
  const user = proxiedUser(headers, { ...SETTINGS, ...settings });
  return user === null ? null : "refusal" in user ? "refused" : `${user.name}: ${user.purpose}`;
}

Deno.test("a user of the proxy has the role of the list that has the name, or that of all others", () => {
  assertEquals(userOf(["root"]), "root: administrator");
  assertEquals(userOf(["anna"]), "anna: approver");
  assertEquals(userOf(["both"]), "both: administrator");
  assertEquals(userOf(["eve"]), "eve: viewer");
  assertEquals(userOf(["Root"]), "Root: viewer", "names are compared letter for letter");
  assertEquals(userOf(["eve"], { webUserRole: "none" }), "refused");
  assertEquals(userOf(["anna"], { webUserRole: "none" }), "anna: approver");
});

Deno.test("without the header, or with an empty one, the proxy names nobody", () => {
  assertEquals(userOf([]), null);
  assertEquals(userOf([""]), null);
  assertEquals(userOf(["root"], { webUserHeader: null }), null);
});

Deno.test("a user named by two headers is refused, because one of them may be the client's", () => {
  for (const values of [["root", "eve"], ["eve", "root"], ["", "root"], ["root", ""], ["a,b"]]) {
    assertEquals(userOf(values), "refused", values.join(" and "));
  }
});

Deno.test("a name with a special meaning in the audit log is refused", () => {
  for (const name of ["administrator", "Administrator", "pkgstash", "anyone"]) {
    assertEquals(userOf([name]), "refused");
  }
});

Deno.test("a name in UTF-8 is read as the proxy wrote it", () => {
  const latin1 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
  assertEquals(userOf([latin1("Jörg")]), "Jörg: administrator");
  assertEquals(userOf([latin1("Jo\u0308rg")]), "Jörg: administrator");
  assertEquals(userOf(["J\xf6rg"]), "refused", "Latin-1");
  assertEquals(userOf([latin1("ev\u202ee")]), "refused", "an invisible character");
});

Deno.test("only a name in a list gets another role than the rest, whatever the header", () => {
  const value = fc.string({
    unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(value, fc.constantFrom("root", "anna", "both")), {
        minLength: 1,
        maxLength: 3,
      }),
      (values) => {
        const user = userOf(values);
        if (values.length === 1 && ["root", "anna", "both"].includes(values[0]!)) return;
        assert(
          user === null || user === "refused" || user.endsWith(": viewer"),
          `${JSON.stringify(values)}: ${user}`,
        );
      },
    ),
  );
});
