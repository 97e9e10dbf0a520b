import { assertEquals } from "@std/assert";
import { isOwnPage } from "../../../../src/server/admin/origin_check.ts";

const URL = "http://stash.lan:8090/admin/";

Deno.test("only a page of this server may send changes", () => {
  const cases: [Record<string, string>, boolean][] = [
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "same-site", "origin": "http://stash.lan:8090" }, false],
    [{ "sec-fetch-site": "cross-site", "origin": "http://stash.lan:8090" }, false],
    [{ "sec-fetch-site": "none" }, false],
    [{ "sec-fetch-site": "" }, false],
    // Under a name of a local network without TLS, a browser sends Origin only.
    [{ "origin": "http://stash.lan:8090" }, true],
    [{ "origin": "https://stash.lan:8090" }, true],
    [{ "origin": "http://stash.lan:8091" }, false],
    [{ "origin": "http://stash.lan" }, false],
    [{ "origin": "http://stash.lan.example:8090" }, false],
    [{ "origin": "http://x.stash.lan:8090" }, false],
    [{ "origin": "null" }, false],
    [{ "origin": "" }, false],
    [{ "referer": URL }, false],
    [{}, false],
  ];
  for (const [headers, expected] of cases) {
    assertEquals(
      isOwnPage(new Request(URL, { headers }), "http://stash.lan:8090"),
      expected,
      JSON.stringify(headers),
    );
  }
});
