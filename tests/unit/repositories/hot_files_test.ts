import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  moveFile,
  removeIfPresent,
  writeFileDurably,
} from "../../../src/platform/files/durable.ts";
import { HotFiles } from "../../../src/repositories/hot_files.ts";
import type { SentFile } from "../../../src/repositories/send_file.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const NAME = "a-1-1-any.pkg.tar.zst";

/** Files in memory with a clock that a test moves, and a folder of files to send. */
class Bed implements AsyncDisposable {
  now = 0;
  readonly files: HotFiles;
  readonly folder: TempFolder;

  private constructor(folder: TempFolder, maxBytes?: number) {
    this.folder = folder;
    this.files = new HotFiles(maxBytes, () => this.now);
  }

  static async create(maxBytes?: number): Promise<Bed> {
    return new Bed(await TempFolder.create(), maxBytes);
  }

  async put(name: string, size: number): Promise<void> {
    await Deno.writeFile(this.folder.join(name), packageBytes(size, 1));
  }

  /** Sends a file from disk. */
  async send(name = NAME, { query = "", host = "host", method = "GET" } = {}): Promise<void> {
    const request = new Request(`http://${host}/${name}${query}`, { method });
    const response = await this.files.send(request, fileOf(name), {
      path: this.folder.join(name),
      fileName: name,
      status: "HIT",
    });
    await response?.body?.cancel();
    await this.files.settled();
  }

  has(name = NAME, host = "host"): boolean {
    return this.files.at(`http://${host}/${name}`)?.hasContent ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function fileOf(fileName: string) {
  const repository = { upstream: "", name: "core", architecture: "x86_64", directory: "core" };
  return { kind: "package" as const, fileName, repository };
}

Deno.test("a small file is in memory once it was sent, a larger one when it was sent again", async () => {
  await using bed = await Bed.create();
  await bed.put("small", 1000);
  await bed.put("large", 100_000);
  await bed.put("huge", 8 * 1024 ** 2 + 1);
  for (const name of ["small", "large", "huge"]) await bed.send(name);
  assertEquals(["small", "large", "huge"].map((name) => bed.has(name)), [true, false, false]);
  for (const name of ["small", "large", "huge"]) await bed.send(name);
  assertEquals(["small", "large", "huge"].map((name) => bed.has(name)), [true, true, false]);
});

Deno.test("a file whose head alone was asked for is known without its content", async () => {
  await using bed = await Bed.create();
  await bed.put(NAME, 1000);
  await bed.send(NAME, { method: "HEAD" });
  const hot = bed.files.at(`http://host/${NAME}`)!;
  assertEquals(hot.hasContent, false);
  assertEquals(hot.respond(new Request("http://host/", { method: "HEAD" }))?.status, 200);
  assertEquals(hot.respond(new Request("http://host/")), null);
});

Deno.test("files in memory never take more than the bound, and the coldest give way", async () => {
  await using bed = await Bed.create(100_000);
  for (let index = 0; index < 10; index++) {
    await bed.put(`file-${index}`, 20_000);
    await bed.send(`file-${index}`);
    bed.has("file-0");
    assertLessOrEqual(bed.files.bytes, 100_000);
  }
  const held = Array.from({ length: 10 }, (_, index) => index)
    .filter((index) => bed.has(`file-${index}`));
  assertEquals(held, [0, 7, 8, 9]);
});

Deno.test("a file that the daemon removes, moves or replaces is out of memory at once", async (t) => {
  const changes: Record<string, (path: string) => Promise<void>> = {
    remove: removeIfPresent,
    move: (path) => moveFile(path, `${path}.aside`),
    replace: (path) => writeFileDurably(path, packageBytes(1000, 2)),
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, async () => {
      await using bed = await Bed.create();
      await bed.put(NAME, 1000);
      await bed.send();
      assertEquals(bed.has(), true);
      await change(bed.folder.join(NAME));
      assertEquals(bed.has(), false);
      assertEquals(bed.files.bytes, 0);
    });
  }
});

Deno.test("a file that the daemon removes while it is sent does not get into memory", async () => {
  await using bed = await Bed.create();
  await bed.put(NAME, 1000);
  const { open } = Deno;
  Deno.open = async (...args) => {
    const file = await open(...args);
    await removeIfPresent(bed.folder.join(NAME));
    return file;
  };
  try {
    await bed.send();
  } finally {
    Deno.open = open;
  }
  assertEquals(bed.has(), false);
});

Deno.test("changes by others to a file are noticed within a second", async (t) => {
  const changes: Record<string, (path: string) => Promise<void>> = {
    remove: (path) => Deno.remove(path),
    cut: (path) => Deno.truncate(path, 10),
    touch: (path) => Deno.utime(path, 1, 1),
    replace: async (path) => {
      const { mtime } = await Deno.stat(path);
      await Deno.writeFile(`${path}.new`, packageBytes(1000, 2));
      await Deno.utime(`${path}.new`, mtime!, mtime!);
      await Deno.rename(`${path}.new`, path);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, async () => {
      await using bed = await Bed.create();
      await bed.put(NAME, 1000);
      await bed.send();
      bed.now = 999;
      assertEquals(bed.has(), true);
      await change(bed.folder.join(NAME));
      bed.now = 1000;
      assertEquals(bed.has(), false);
    });
  }
});

Deno.test("a file in memory is sent as from disk, to those who decide for each request", async (t) => {
  for (const size of [1000, 300_000]) {
    await t.step(`${size} bytes`, async () => {
      await using bed = await Bed.create();
      await bed.put(NAME, size);
      for (let round = 0; round < 2; round++) await bed.send();
      const path = bed.folder.join(NAME);
      const sent = { path, fileName: NAME, status: "HIT" as const, expectedSize: size };
      const opened = async (
        more: Partial<SentFile> = {},
        init: RequestInit = {},
        file = fileOf(more.fileName ?? NAME),
      ) => {
        const { open } = Deno;
        let isOpened = false;
        Deno.open = (...args) => (isOpened = true, open(...args));
        try {
          const request = new Request(`http://host/${NAME}`, init);
          const response = await bed.files.sendOrRecall(request, file, { ...sent, ...more });
          if (response !== null && init.method !== "HEAD" && response.status === 200) {
            assertEquals(response.headers.get("content-length"), `${size}`);
          }
          await response?.body?.cancel();
          // Whoever gets it may change it.
          response?.headers.set("x-cache", "changed");
          return isOpened;
        } finally {
          Deno.open = open;
        }
      };
      const head = bed.files.at(`http://host/${NAME}`)!
        .respond(new Request("http://host/", { method: "HEAD" }));
      const headers = { "if-none-match": head!.headers.get("etag")! };
      for (let round = 0; round < 2; round++) {
        assertEquals(await opened(), false);
        assertEquals(await opened({}, { method: "HEAD" }), false);
        assertEquals(await opened({}, { headers }), false);
      }
      const request = new Request(`http://host/${NAME}`, { method: "HEAD" });
      const response = await bed.files.sendOrRecall(request, fileOf(NAME), sent);
      assertEquals(response?.headers.get("x-cache"), "HIT");
      assertEquals(await opened({ status: "STALE" }), true);
      assertEquals(await opened({ fileName: "other" }), true);
      assertEquals(await opened({ expectedSize: size + 1 }), true);
      assertEquals(await opened({}, { headers: { range: "bytes=1-" } }), true);
      await removeIfPresent(path);
      assertEquals(await opened(), true);
    });
  }
});

Deno.test("only URLs without a query, and a few of each file, are remembered", async () => {
  await using bed = await Bed.create();
  await bed.put(NAME, 1000);
  await bed.send(NAME, { query: "?a" });
  assertEquals(bed.files.at(`http://host/${NAME}?a`), null);
  for (let index = 0; index < 20; index++) await bed.send(NAME, { host: `host-${index}` });
  const known = Array.from({ length: 20 }, (_, index) => bed.has(NAME, `host-${index}`));
  assertEquals(known.filter(Boolean).length, 8);
  assertEquals(known.at(-1), true);
});
