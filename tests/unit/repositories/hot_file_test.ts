// A file in memory answers as the file on disk would, or leaves the request to it.
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { HotFiles } from "../../../src/repositories/hot_files.ts";
import { sendFile } from "../../../src/repositories/send_file.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const FILE = {
  kind: "package" as const,
  fileName: "a-1-1-any.pkg.tar.zst",
  repository: { upstream: "", name: "core", architecture: "x86_64", directory: "core/os/x86_64" },
};
const URL = "http://host/core/os/x86_64/a-1-1-any.pkg.tar.zst";
const MODIFIED = new Date("2024-05-06T07:08:09Z");
const DATE = MODIFIED.toUTCString();

const DATES = [
  DATE,
  "Mon, 06 May 2024 07:08:10 GMT",
  "Monday, 06-May-24 07:08:09 GMT",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "yesterday",
  "",
];

/** Values of the headers that may change the answer. */
function valuesWith(etag: string): Record<string, readonly string[]> {
  const tags = [etag, `W/${etag}`, `"a", ${etag}`, "*", '"a"', etag.slice(1), ""];
  return {
    "if-none-match": tags,
    "if-modified-since": DATES,
    "if-match": tags,
    "if-unmodified-since": DATES,
    "if-range": [...tags, ...DATES],
    "range": ["bytes=0-0", "bytes=-1", "bytes=9999999-", "bytes=0-", "x"],
    "accept-encoding": ["gzip", "identity;q=0"],
  };
}

/** The body of a response whose chunks are only valid until the next one. */
async function bytesOf({ body }: Response): Promise<Uint8Array> {
  return concat(await Array.fromAsync(body!, (chunk) => chunk.slice()));
}

for (const size of [1, 1000, 64 * 1024, 64 * 1024 + 1, 600_000]) {
  Deno.test(`${size} bytes in memory are answered as from disk, whatever is asked`, async () => {
    await using folder = await TempFolder.create();
    await using files = new HotFiles();
    const bytes = packageBytes(size, 1);
    const path = folder.join("file");
    await Deno.writeFile(path, bytes);
    await Deno.utime(path, MODIFIED, MODIFIED);
    const sent = { path, fileName: FILE.fileName, status: "HIT" as const };
    await (await files.send(new Request(URL), FILE, sent))?.body?.cancel();
    await (await files.send(new Request(URL), FILE, sent))?.body?.cancel();
    await files.settled();
    const hot = files.at(URL);
    assert(hot?.hasContent);
    const found = await sendFile(new Request(URL, { method: "HEAD" }), sent);
    const etag = found!.headers.get("etag")!;
    const values = valuesWith(etag);
    const alone = Object.entries(values).flatMap(([name, each]) =>
      each.map((value): [Record<string, string>, "GET"] => [{ [name]: value }, "GET"])
    );
    let recalled = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          Object.fromEntries(
            Object.entries(values).map(([name, each]) => [name, fc.constantFrom(...each)]),
          ),
          { requiredKeys: [], noNullPrototype: true },
        ),
        fc.constantFrom("GET", "HEAD"),
        async (headers, method) => {
          const request = new Request(URL, { method, headers: headers as Record<string, string> });
          const fromMemory = hot.respond(request);
          if (fromMemory === null) return;
          recalled++;
          const fromDisk = await sendFile(request, sent);
          assertEquals(fromMemory.status, fromDisk!.status);
          // Deno sends the length of a body in memory.
          const withLength = new Headers(fromMemory.headers);
          if (fromMemory.body !== null) withLength.set("content-length", `${size}`);
          assertEquals([...withLength], [...fromDisk!.headers]);
          if (fromMemory.body === null) assertEquals(fromDisk!.body, null);
          else assertSameBytes(await fromMemory.bytes(), await bytesOf(fromDisk!));
        },
      ),
      { examples: [[{}, "GET"], [{}, "HEAD"], ...alone], numRuns: 300 },
    );
    assert(recalled >= 4, `${recalled} answers from memory`);
  });
}
