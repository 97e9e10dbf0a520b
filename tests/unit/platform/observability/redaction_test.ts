import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Redaction } from "../../../../src/platform/observability/redaction.ts";

Deno.test("credentials in text are replaced, and nothing else", async (t) => {
  const redaction = new Redaction(["s3cret", "s3cret/long"]);
  const cases: [string, string][] = [
    ["nothing to hide", "nothing to hide"],
    ["a s3cret here", "a [redacted] here"],
    ["s3cret/long s3cret%2Flong", "[redacted] [redacted]"],
    [
      `the token pkgstash_0123456789ab_${"a_-1".repeat(11)} of`,
      "the token pkgstash_0123456789ab_[redacted] of",
    ],
    ["Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"],
    ["https://user:pass@host/extra/os", "https://[redacted]@host/extra/os"],
    ["https://host/extra/a@1.0.pkg", "https://host/extra/a@1.0.pkg"],
    ["/api/x?a=1&token=abc&b=2", "/api/x?a=1&token=[redacted]&b=2"],
  ];
  for (const [text, expected] of cases) {
    await t.step(text, () => assertEquals(redaction.text(text), expected));
  }
});

Deno.test("properties with the name of a secret are hidden at every depth", () => {
  const redaction = new Redaction();
  assertEquals(redaction.value("token", "abc"), "[redacted]");
  assertEquals(redaction.value("Authorization", "abc"), "[redacted]");
  assertEquals(redaction.value("request", { headers: new Headers({ cookie: "a=b", host: "h" }) }), {
    headers: { cookie: "[redacted]", host: "h" },
  });
});

Deno.test("values of every kind become plain JSON", () => {
  const redaction = new Redaction(["s3cret"]);
  const circular: Record<string, unknown> = { name: "x" };
  circular["self"] = circular;
  assertEquals(redaction.value("a", circular), { name: "x", self: "[...]" });
  assertEquals(redaction.value("a", new TypeError("no s3cret")), "TypeError: no [redacted]");
  assertEquals(redaction.value("a", [1n, NaN, null, new Date(0), new URL("http://u:p@h/")]), [
    "1",
    "NaN",
    null,
    "1970-01-01T00:00:00.000Z",
    "http://[redacted]@h/",
  ]);
});

Deno.test("a known secret never gets through, wherever it occurs", () => {
  const redaction = new Redaction(["t0p-s3cret"]);
  const around = fc.string({ unit: "binary" });
  fc.assert(fc.property(around, around, fc.anything(), (before, after, other) => {
    const text = `${before}t0p-s3cret${after}`;
    const shown = JSON.stringify(redaction.value("a", { [before]: [text, other], text }));
    assert(before.includes("t0p-s3cret") || !shown.includes("t0p-s3cret"), shown);
  }));
});
