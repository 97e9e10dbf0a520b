import { assert, assertEquals, assertRejects } from "@std/assert";
import { AurClient } from "../../../../src/building/watch/aur_client.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { FakeAur } from "../../../support/fake_aur.ts";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

/** Runs against a fake AUR on a clock that stands still. */
async function withAur(
  run: (aur: FakeAur, client: AurClient, clock: FakeClock) => Promise<void>,
): Promise<void> {
  await using aur = new FakeAur();
  using http = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const clock = new FakeClock(Date.UTC(2026, 10, 28));
  const { signal } = new AbortController();
  await run(aur, new AurClient({ url: aur.url, http, clock, signal, random: () => 0 }), clock);
}

Deno.test("many packages are queried in one request", async () => {
  await withAur(async (aur, client) => {
    for (let at = 0; at < 300; at++) aur.put(`p${at}`, { files: packageFiles(`p${at}`, "1") });
    const found = await client.info(Array.from({ length: 300 }, (_, at) => `p${at}`));
    assertEquals(found.size, 300);
    assertEquals(aur.requests.all.map(({ method }) => method), ["POST"]);
  });
});

Deno.test("a name with a plus sign is queried unchanged", async () => {
  await withAur(async (aur, client) => {
    aur.put("libc++", { files: packageFiles("libc++", "1") });
    assertEquals([...(await client.info(["libc++"])).keys()], ["libc++"]);
  });
});

Deno.test("an unknown name is missing from the answer, and no failure", async () => {
  await withAur(async (aur, client) => {
    aur.put("there", { files: packageFiles("there", "1") });
    assertEquals([...(await client.info(["there", "gone"])).keys()], ["there"]);
  });
});

Deno.test("an unchanged answer is not transferred again", async () => {
  await withAur(async (aur, client) => {
    aur.put("a", { files: packageFiles("a", "1") });
    const first = await client.info(["a"]);
    assertEquals(await client.info(["a"]), first);
    assertEquals(aur.notModified, 1);
    aur.edit("a", { maintainer: null });
    assertEquals((await client.info(["a"])).get("a")?.maintainer, null);
  });
});

Deno.test("no failure of the AUR makes packages look gone", async (t) => {
  const faults = [
    "rate limit",
    "error",
    "unavailable",
    "garbage",
    "half an answer",
    "wrong count",
  ] as const;
  for (const fault of faults) {
    await t.step(fault, async () => {
      await withAur(async (aur, client) => {
        aur.put("a", { files: packageFiles("a", "1") });
        aur.fail(fault);
        const error = await assertRejects(() => client.info(["a"]), PkgstashError);
        assertEquals(error.kind, "upstream");
        assert(client.restMs > 0);
      });
    });
  }
});

Deno.test("the AUR is left alone after each failure, twice as long each time", async () => {
  await withAur(async (aur, client, clock) => {
    aur.put("a", { files: packageFiles("a", "1") });
    aur.fail("unavailable", "unavailable", "unavailable");
    const rests: number[] = [];
    for (let at = 0; at < 3; at++) {
      await assertRejects(() => client.info(["a"]), PkgstashError);
      rests.push(client.restMs);
      await assertRejects(() => client.tree("a"), PkgstashError, "the next request is allowed in");
      clock.advance(client.restMs);
    }
    assertEquals(rests, [30_000, 60_000, 120_000]);
    assertEquals(aur.requests.count(), 3);
    assertEquals((await client.info(["a"])).size, 1);
    assertEquals(client.restMs, 0);
  });
});

Deno.test("the AUR is left alone for as long as it asks for, but no longer than a day", async () => {
  await withAur(async (aur, client, clock) => {
    aur.retryAfter = "7200";
    aur.fail("rate limit");
    await assertRejects(() => client.info(["a"]), PkgstashError, "request limit");
    assertEquals(client.restMs, 7_200_000);
    clock.advance(7_200_000);
    aur.retryAfter = "Fri, 01 Jan 2100 00:00:00 GMT";
    aur.fail("rate limit");
    await assertRejects(() => client.info(["a"]), PkgstashError);
    assertEquals(client.restMs, 24 * 3_600_000);
  });
});

Deno.test("a snapshot is read as a tree", async () => {
  await withAur(async (aur, client) => {
    const files = packageFiles("libc++", "1");
    aur.put("libc++", { files });
    assertEquals([...(await client.tree("libc++")).keys()], [".SRCINFO", "PKGBUILD"]);
    const error = await assertRejects(() => client.tree("none"), PkgstashError);
    assertEquals(error.kind, "not_found");
    assertEquals(client.restMs, 0);
  });
});

Deno.test("providers of a name are found by search", async () => {
  await withAur(async (aur, client) => {
    aur.put("a-git", { files: packageFiles("a-git", "1", { provides: ["a=1"] }) });
    assertEquals(await client.providersOf("a"), ["a-git"]);
  });
});
