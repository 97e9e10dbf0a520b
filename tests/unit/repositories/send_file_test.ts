import { assertEquals, assertRejects } from "@std/assert";
import { sendFile } from "../../../src/repositories/send_file.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const request = new Request("http://host/file");
const sent = (path: string) => ({
  path,
  fileName: "foo-1-1-any.pkg.tar.zst",
  status: "HIT" as const,
});

/** Runs a test in which no file can be opened. */
async function withFailingOpen(error: Error, test: () => Promise<void>): Promise<void> {
  const { open } = Deno;
  Deno.open = () => Promise.reject(error);
  try {
    await test();
  } finally {
    Deno.open = open;
  }
}

Deno.test("an unreadable file counts as missing", async (t) => {
  for (
    const error of [
      Object.assign(new Error("Permission denied"), { code: "EACCES" }),
      Object.assign(new Error("Input/output error"), { code: "EIO" }),
      Object.assign(new Error("Too many levels of symbolic links"), { code: "ELOOP" }),
    ]
  ) {
    await t.step(error.message, async () => {
      await withFailingOpen(error, async () => {
        assertEquals(await sendFile(request, sent("/cache/file")), null);
      });
    });
  }
});

Deno.test("a missing file, an empty one and a directory count as missing", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("empty"), "");
  await Deno.writeTextFile(folder.join("plain"), "x");
  for (const name of ["missing", "empty", ".", "plain/file"]) {
    assertEquals(await sendFile(request, sent(folder.join(name))), null, name);
  }
});

Deno.test("a file does not count as missing because too many others are open", async () => {
  const error = Object.assign(new Error("Too many open files"), { code: "EMFILE" });
  await withFailingOpen(error, async () => {
    await assertRejects(() => sendFile(request, sent("/cache/file")), Error, "Too many open files");
  });
});
