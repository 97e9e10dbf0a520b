import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { forwardedHops } from "../../../../src/formats/http/forwarded.ts";

const hops = (headers: Record<string, string>) =>
  forwardedHops(new Headers(headers))?.map(({ address, port }) => `${address} ${port}`) ?? null;

Deno.test("without a header nobody is known to have forwarded a request", () => {
  assertEquals(hops({}), null);
});

Deno.test("Forwarded names address and port, in the forms of RFC 7239", () => {
  for (
    const [value, expected] of [
      ["for=192.0.2.43", ["192.0.2.43 null"]],
      ['for="192.0.2.43:4711"', ["192.0.2.43 4711"]],
      ["For=192.0.2.43:4711;proto=http;by=203.0.113.43", ["192.0.2.43 4711"]],
      ['for="[2001:DB8:cafe::17]:4711"', ["2001:db8:cafe::17 4711"]],
      ['for="[2001:db8:cafe::17]"', ["2001:db8:cafe::17 null"]],
      ["for=192.0.2.43, for=198.51.100.17", ["192.0.2.43 null", "198.51.100.17 null"]],
      ['proto="a,b;c";for=192.0.2.43', ["192.0.2.43 null"]],
      ['for="192.0.2.43:\\4711"', ["192.0.2.43 4711"]],
      ["for=_hidden, for=unknown", ["null null", "null null"]],
      ["proto=http", ["null null"]],
      ["for", ["null null"]],
      ['for="192.0.2.43', ["null null"]],
      ["for=localhost:80", ["null 80"]],
    ] as const
  ) assertEquals(hops({ forwarded: value }), [...expected], value);
});

Deno.test("the last sender is the one that the proxy appends, or unknown, whatever a client sends", () => {
  const isForged = (sent: string, appended: string) =>
    (hops({ forwarded: `${sent}, ${appended}` })?.at(-1) ?? "").startsWith("127.");
  const appended = ["for=192.0.2.1", 'for="192.0.2.1:5"', 'proto=http;for="[2001:db8::1]"'];
  for (const each of appended) {
    for (
      const sent of [
        'for=127.0.0.1;x="',
        'for=127.0.0.1;x="\\',
        'x=";for=127.0.0.1',
        "for=127.0.0.1;",
      ]
    ) {
      assertEquals(isForged(sent, each), false, `${sent} ${each}`);
    }
  }
  const parts = fc.constantFrom("for=127.0.0.1", "for=", 'x="', ...';,"\\ ');
  const sent = fc.array(parts, { maxLength: 12 }).map((each) => each.join(""));
  fc.assert(
    fc.property(sent, fc.constantFrom(...appended), (sent, each) => !isForged(sent, each)),
    {
      numRuns: 1000,
    },
  );
});

Deno.test("X-Forwarded-For names addresses, with a port at most", () => {
  assertEquals(hops({ "x-forwarded-for": "2001:db8::1, 192.0.2.1:80,unknown" }), [
    "2001:db8::1 null",
    "192.0.2.1 80",
    "null null",
  ]);
});

Deno.test("two headers that disagree say nothing, since a client may have made up one of them", () => {
  const both = (forwarded: string, legacy: string) =>
    hops({ forwarded, "x-forwarded-for": legacy });
  assertEquals(both('for="192.0.2.1:5"', "192.0.2.1"), ["192.0.2.1 5"]);
  assertEquals(both("for=127.0.0.1", "192.0.2.1"), ["null null"]);
  assertEquals(both("for=192.0.2.1", "127.0.0.1, 192.0.2.1"), ["null null"]);
});

Deno.test("any value is read without an error and into a bounded list", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'for=;,"\\ 1.:[]a_') }), (value) => {
    const found = hops({ forwarded: value, "x-forwarded-for": value });
    assertEquals((found?.length ?? 0) <= 32, true);
  }));
  assertEquals(hops({ "x-forwarded-for": "1.2.3.4,".repeat(5000) })?.length, 32);
});
