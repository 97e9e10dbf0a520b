import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { sha256Of } from "../../../../src/platform/files/file_digest.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

function withFile(content: Uint8Array, run: (path: string) => Promise<void>): Promise<void> {
  return inTempFolder(async (directory) => {
    const path = join(directory, "file");
    await Deno.writeFile(path, content);
    await run(path);
  });
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const CONTENT = new Uint8Array(300_000).map((_, index) => index % 251);

Deno.test("the digest of a file is that of its bytes, by path and of the open file", () =>
  withFile(CONTENT, async (path) => {
    assertEquals(await sha256Of(path), digestOf(CONTENT));
    using file = await Deno.open(path);
    await file.seek(1000, Deno.SeekMode.Start);
    assertEquals(await sha256Of(file), digestOf(CONTENT.subarray(1000)));
    assertEquals((await file.stat()).size, CONTENT.length, "the file is still open");
  }));

Deno.test("an empty file has the digest of no bytes", () =>
  withFile(new Uint8Array(0), async (path) => {
    assertEquals(await sha256Of(path), digestOf(new Uint8Array(0)));
  }));

Deno.test("an aborted digest rejects with the signal's reason", () =>
  withFile(CONTENT, async (path) => {
    const reason = new RangeError("stop");
    await assertRejects(() => sha256Of(path, AbortSignal.abort(reason)), RangeError, "stop");
  }));

Deno.test("a missing file has no digest", async () => {
  await assertRejects(() => sha256Of("./no/such/file"), Deno.errors.NotFound);
});
