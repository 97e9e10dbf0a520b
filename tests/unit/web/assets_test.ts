import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { assetResponse, assetUrl } from "../../../src/web/assets/assets.ts";

const ALL = ["admin.css", "admin.js", "mark.svg"] as const;

function ask(name: typeof ALL[number], accept?: string): Response {
  const path = assetUrl(name);
  const headers = accept === undefined ? {} : { "accept-encoding": accept };
  return assetResponse(new Request(`http://stash${path}`, { headers }), path)!;
}

Deno.test("each asset is the same in all encodings, and may be cached for ever", async () => {
  for (const name of ALL) {
    const plain = await ask(name).text();
    const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
    const decoder = new TextDecoder();
    for (
      const [accept, decode] of [["gzip, deflate, br", brotliDecompressSync], [
        "gzip",
        gunzipSync,
      ]] as const
    ) {
      const response = ask(name, accept);
      const bytes = await bytesOf(response);
      assertEquals(response.headers.get("content-length"), `${bytes.length}`);
      assertEquals(response.headers.get("vary"), "accept-encoding");
      assertEquals(decoder.decode(decode(bytes)), plain);
    }
    assertEquals(ask(name).headers.get("content-encoding"), null);
    assertEquals(ask(name, "br;q=0").headers.get("content-encoding"), null);
    assertEquals(ask(name).headers.get("cache-control"), "public, max-age=31536000, immutable");
  }
});

Deno.test("the compressed assets of a page weigh less than 25 KiB", async () => {
  let total = 0;
  for (const name of ALL) total += (await ask(name, "br").arrayBuffer()).byteLength;
  assert(total < 25 * 1024, `${total}`);
});

Deno.test("assets have no other URLs and no source maps", async () => {
  for (const path of ["/admin/assets/", "/admin/assets/admin.css", "/admin/assets/../admin.css"]) {
    assertEquals(assetResponse(new Request(`http://stash${path}`), path), null);
  }
  assertNotEquals(await ask("admin.js").text(), "");
  assert(!(await ask("admin.js").text()).includes("sourceMappingURL"));
});
