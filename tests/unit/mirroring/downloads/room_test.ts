import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { assertWhole, DownloadBed, expecting, PACKAGE, read } from "./download_bed.ts";

const BYTES = packageBytes(200_000, 1);
const EXPECTED = expecting({ sha256: sha256Of(BYTES), size: BYTES.length });
const IDENTITY = { size: BYTES.length, lastModified: null, etag: null, mirror: "m" };

/** Room for nothing, or for anything, which records what it was asked for. */
function roomFor(isEnough: boolean) {
  const asked: number[] = [];
  return {
    asked,
    make: (bytes: number) => {
      asked.push(bytes);
      return Promise.resolve(isEnough);
    },
  };
}

Deno.test("room is made for the missing part of a file before it is fetched", async (t) => {
  for (const [what, expectations] of [["a listed", EXPECTED], ["an unlisted", null]] as const) {
    await t.step(`${what} file`, async () => {
      await using bed = await DownloadBed.start();
      bed.put(PACKAGE, BYTES);
      const room = roomFor(true);
      assertWhole(await read(bed.download(PACKAGE, { room, expectations })), BYTES);
      assertEquals(room.asked, [BYTES.length]);
    });
  }
});

Deno.test("a file for which there is no space is not begun, and leaves no part of an earlier run", async (t) => {
  for (const [what, expectations] of [["a listed", EXPECTED], ["an unlisted", null]] as const) {
    for (const kept of [0, 1_000]) {
      await t.step(`${what} file with ${kept} bytes`, async () => {
        await using bed = await DownloadBed.start();
        bed.put(PACKAGE, BYTES);
        if (kept > 0) await bed.leavePart(BYTES.subarray(0, kept), IDENTITY);
        const { done } = bed.download(PACKAGE, { room: roomFor(false), expectations });
        const error = await assertRejects(() => done, PkgstashError, "there is no space");
        assertEquals([error.kind, await bed.parts()], ["storage", []]);
      });
    }
  }
});
