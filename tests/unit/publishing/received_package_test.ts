import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { receivePackage } from "../../../src/publishing/received_package.ts";
import { ownPackage } from "../../support/own_package.ts";
import { sha256Of } from "../../support/sha256.ts";
import { TempFolder } from "../../support/temp_folder.ts";

Deno.test("a package is written as received, and its metadata read on the way", async () => {
  await using folder = await TempFolder.create();
  const { fileName, bytes } = await ownPackage("foo", "1.0-1", { depends: ["bar>=2"] });
  const path = folder.join(fileName);
  // One byte at a time, as from a slow line.
  const body = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  const { archive, size, sha256 } = await receivePackage(body, { path, fileName });
  assertEquals([size, sha256], [bytes.length, sha256Of(bytes)]);
  assertEquals(archive.info.depends, ["bar>=2"]);
  assertEquals(await Deno.readFile(path), bytes);
});

Deno.test("a failed upload leaves no file, and is read to its end", async (t) => {
  const { fileName, bytes } = await ownPackage("foo");
  const cases: [string, () => AsyncGenerator<Uint8Array<ArrayBuffer>>][] = [
    ["the connection breaks", async function* () {
      yield bytes.subarray(0, 40);
      await Promise.reject(new Error("connection reset"));
    }],
    ["it is no package", async function* () {
      yield* Array.from({ length: 100 }, () => new Uint8Array(1000).fill(65));
    }],
    ["it ends early", async function* () {
      yield bytes.subarray(0, bytes.length - 1);
    }],
  ];
  for (const [what, chunks] of cases) {
    await t.step(what, async () => {
      await using folder = await TempFolder.create();
      const path = folder.join(fileName);
      // A body that is cancelled returns before its end.
      let isReadToEnd = false;
      const body = ReadableStream.from((async function* () {
        try {
          yield* chunks();
          isReadToEnd = true;
        } catch (error) {
          isReadToEnd = true;
          throw error;
        }
      })());
      const error = await assertRejects(
        () => receivePackage(body, { path, fileName }),
        PkgstashError,
      );
      assertEquals(error.kind, "invalid_request");
      assertEquals([...Deno.readDirSync(folder.path)], []);
      assertEquals(isReadToEnd, true);
    });
  }
});
