import { assertEquals } from "@std/assert";
import { insistsOnOrigin, storabilityOf } from "../../../../src/formats/http/freshness.ts";

const NOW = Date.parse("2026-11-01T12:00:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();

/** For how many seconds a response with these headers is fresh. */
function freshFor(headers: Record<string, string>): number {
  const { freshUntil } = storabilityOf(new Headers(headers), NOW);
  return Math.max(0, (freshUntil - NOW) / 1000);
}

Deno.test("a lifetime comes from s-maxage, max-age, Expires, or the last modification", async (t) => {
  const table: [headers: Record<string, string>, seconds: number][] = [
    [{ "cache-control": "max-age=60" }, 60],
    [{ "cache-control": "public, MAX-AGE = 60" }, 60],
    [{ "cache-control": 'max-age="60"' }, 60],
    [{ "cache-control": "max-age=60, s-maxage=10" }, 10],
    [{ "cache-control": "max-age=60, max-age=10" }, 60],
    [{ "cache-control": "max-age=60", "expires": at(10) }, 60],
    [{ "cache-control": "max-age=x" }, 0],
    [{ "cache-control": "max-age=-1" }, 0],
    [{ "cache-control": 'x="max-age=60"' }, 0],
    [{ "expires": at(30), "date": at(0) }, 30],
    [{ "expires": at(30) }, 30],
    [{ "expires": "0" }, 0],
    [{ "expires": at(-1) }, 0],
    [{ "last-modified": at(-100) }, 10],
    [{ "last-modified": at(-100_000) }, 60],
    [{ "last-modified": at(100) }, 0],
    [{}, 0],
    [{ "cache-control": "no-cache, max-age=60" }, 0],
    [{ "cache-control": "no-store, max-age=60" }, 0],
    [{ "pragma": "no-cache", "last-modified": at(-100) }, 0],
    [{ "pragma": "no-cache", "cache-control": "max-age=60" }, 60],
    [{ "vary": "*", "cache-control": "max-age=60" }, 0],
  ];
  for (const [headers, seconds] of table) {
    await t.step(JSON.stringify(headers), () => assertEquals(freshFor(headers), seconds));
  }
});

Deno.test("time that passed before the response arrived counts", () => {
  assertEquals(freshFor({ "cache-control": "max-age=60", "age": "20" }), 40);
  assertEquals(freshFor({ "cache-control": "max-age=60", "date": at(-50) }), 10);
  assertEquals(freshFor({ "cache-control": "max-age=60", "date": at(-50), "age": "55" }), 5);
  assertEquals(freshFor({ "cache-control": "max-age=60", "age": "70" }), 0);
  assertEquals(freshFor({ "cache-control": "max-age=60", "date": at(500) }), 60);
});

Deno.test("what must be asked for is never sent stale, what is private is not kept", async (t) => {
  const table: [cacheControl: string, mayStore: boolean, mayServeStale: boolean][] = [
    ["max-age=60", true, true],
    ["no-cache", true, false],
    ["max-age=60, must-revalidate", true, false],
    ["max-age=60, proxy-revalidate", true, false],
    ["s-maxage=60", true, false],
    ["no-store", false, false],
    ["private, max-age=60", false, false],
  ];
  for (const [cacheControl, mayStore, mayServeStale] of table) {
    await t.step(cacheControl, () => {
      const found = storabilityOf(new Headers({ "cache-control": cacheControl }), NOW);
      assertEquals([found.mayStore, found.mayServeStale], [mayStore, mayServeStale]);
    });
  }
});

Deno.test("a client can insist on what the origin has", () => {
  assertEquals(insistsOnOrigin(new Headers({ "cache-control": "no-cache" })), true);
  assertEquals(insistsOnOrigin(new Headers({ "cache-control": "max-age=0" })), true);
  assertEquals(insistsOnOrigin(new Headers({ "pragma": "no-cache" })), true);
  assertEquals(insistsOnOrigin(new Headers({ "cache-control": "max-age=60" })), false);
  assertEquals(insistsOnOrigin(new Headers()), false);
});
