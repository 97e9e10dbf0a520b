import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { eventLoopTurn } from "../../../src/async/event_loop_turn.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { formFiles, hasFiles } from "../../../src/web/form_files.ts";
import { packageBytes } from "../../support/package_bytes.ts";

const BOUNDARY = "----WebKitFormBoundaryAbCd";
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** The body that a browser sends for these files. */
function bodyOf(
  files: readonly (readonly [string, Uint8Array | string])[],
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = files.flatMap(([name, content]) => [
    encoder.encode(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n` +
        "Content-Type: application/octet-stream\r\n\r\n",
    ),
    typeof content === "string" ? encoder.encode(content) : content,
    encoder.encode("\r\n"),
  ]);
  const all = [...parts, encoder.encode(`--${BOUNDARY}--\r\n`)];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A request whose body comes in chunks of this size; `sent` counts what was read. */
function requestOf(body: Uint8Array<ArrayBuffer>, size = body.length, type = TYPE) {
  const sent = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      const chunk = body.subarray(sent.bytes, sent.bytes + size);
      sent.bytes += chunk.length;
      if (chunk.length === 0) controller.close();
      else controller.enqueue(new Uint8Array(chunk));
    },
  }, { highWaterMark: 0 });
  const request = new Request("http://stash/", {
    method: "POST",
    body: stream,
    headers: { "content-type": type },
  });
  return { request, sent };
}

async function filesIn(request: Request): Promise<[string, Uint8Array][]> {
  const files: [string, Uint8Array][] = [];
  for await (const { name, content } of formFiles(request)) {
    files.push([name, new Uint8Array(await new Response(content).arrayBuffer())]);
  }
  return files;
}

Deno.test("a form has the same files wherever its body is split", async () => {
  const files = [
    ["foo-1-1-any.pkg.tar.zst", packageBytes(3_000, 1)],
    ["empty.sig", new Uint8Array()],
    // Almost a boundary.
    ["bar-1-1-any.pkg.tar.zst", new TextEncoder().encode(`a\r\n--${BOUNDARY.slice(0, -1)}\r\nb`)],
  ] as const;
  const body = bodyOf(files);
  for (const size of [1, 2, 7, 64, 1_000, body.length]) {
    const found = await filesIn(requestOf(body, size).request);
    assertEquals(found.map(([name]) => name), files.map(([name]) => name), `${size}`);
    for (const [index, [, bytes]] of found.entries()) assertEquals(bytes, files[index]![1]);
  }
});

Deno.test("a body arrives no faster than its files are read", async () => {
  const body = bodyOf([["big", packageBytes(8_000_000, 1)], ["next", "x"]]);
  const { request, sent } = requestOf(body, 64 * 1024);
  let isFirst = true;
  for await (const { content } of formFiles(request)) {
    const reader = content.getReader();
    await reader.read();
    // By now everything has happened that does not wait for a read.
    await eventLoopTurn();
    if (isFirst) assertLess(sent.bytes, 1_000_000);
    isFirst = false;
    while (!(await reader.read()).done);
  }
  assertEquals(sent.bytes, body.length);
});

Deno.test("a file name loses its folders, and an empty field is no file", async () => {
  const body = bodyOf([["", ""], ["../../etc/passwd", "a"], ["C:\\\\files\\\\b.sig", "b"]]);
  const names = (await filesIn(requestOf(body).request)).map(([name]) => name);
  assertEquals(names, ["passwd", "b.sig"]);
});

Deno.test("a damaged or truncated form is refused", async () => {
  const body = bodyOf([["foo", packageBytes(100_000, 1)]]);
  for (
    const [what, damaged, type] of [
      ["cut", body.subarray(0, 50_000), TYPE],
      ["cut before a file", body.subarray(0, 30), TYPE],
      ["without a boundary", body, "multipart/form-data"],
    ] as const
  ) {
    const { request } = requestOf(new Uint8Array(damaged), 1_000, type);
    const failure = await filesIn(request).then(() => null, (error) => error);
    assert(failure instanceof PkgstashError, `${what}: ${failure}`);
    assertStringIncludes(failure.message, "Cannot read the files that were sent", what);
  }
  const other = await filesIn(requestOf(body, 1_000, `${TYPE}X`).request).catch(() => []);
  assertEquals(other, []);
});

Deno.test("a form with more than 1,000 files is refused, whatever their sizes", async () => {
  const body = bodyOf(Array.from({ length: 1_001 }, (_, index) => [`file${index}`, "x"] as const));
  await assertRejects(
    async () => await filesIn(requestOf(body).request),
    PkgstashError,
    "more than 1000",
  );
});

Deno.test("the rest of a body is received after its reader stops at a refused file", async () => {
  const body = bodyOf([["foo", packageBytes(1_000_000, 1)], ["bar", packageBytes(1_000_000, 2)]]);
  const { request, sent } = requestOf(body, 64 * 1024);
  for await (const { content } of formFiles(request)) {
    await content.cancel();
    break;
  }
  assertEquals(sent.bytes, body.length);
});

Deno.test("only multipart/form-data counts as a form with files", () => {
  const typed = (type: string) =>
    hasFiles(new Request("http://stash/", { headers: { "content-type": type } }));
  assert(typed(TYPE));
  assertEquals(typed("application/x-www-form-urlencoded"), false);
  assertEquals(typed("multipart/mixed; boundary=a"), false);
});
