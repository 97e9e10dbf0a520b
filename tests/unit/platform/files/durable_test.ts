import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  removeIfPresent,
  renameDurably,
  statIfPresent,
  writeFileDurably,
} from "../../../../src/platform/files/durable.ts";
import { DiskEvents } from "../../../support/disk_events.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).toSorted();
}

Deno.test("a file is written with its folders, and no temporary file remains", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "a", "b", "file");
    await writeFileDurably(path, "text");
    assertEquals(await Deno.readTextFile(path), "text");
    await writeFileDurably(path, new Uint8Array([1, 2]));
    assertEquals([...await Deno.readFile(path)], [1, 2]);
    assertEquals(await namesIn(join(folder, "a", "b")), ["file"]);
  });
});

Deno.test("a reader sees the old content or the new one, never a part", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "file");
    const contents = ["a", "b", "c"].map((letter) => letter.repeat(300_000));
    await writeFileDurably(path, contents[0]!);
    let writing = true;
    const writer = (async () => {
      for (let turn = 0; turn < 30; turn++) {
        await writeFileDurably(path, contents[turn % contents.length]!);
      }
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const seen = await Deno.readTextFile(path);
      assert(contents.includes(seen), `${seen.length} bytes of a half written file`);
      reads++;
    }
    await writer;
    assert(reads > 0);
  });
});

Deno.test("concurrent writers leave one complete file", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "file");
    const contents = Array.from({ length: 10 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(contents.map((content) => writeFileDurably(path, content)));
    assert(contents.includes(await Deno.readTextFile(path)));
    assertEquals(await namesIn(folder), ["file"]);
  });
});

Deno.test("a failed write leaves the old file, and no temporary one", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "folder in the way");
    await Deno.mkdir(join(path, "full"), { recursive: true });
    await assertRejects(() => writeFileDurably(path, "text"));
    assertEquals(await namesIn(folder), ["folder in the way"]);
  });
});

Deno.test("a rename replaces the target, and creates its folder", async () => {
  await inTempFolder(async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "new", "to")];
    await Deno.writeTextFile(from, "1");
    await renameDurably(from, to);
    await Deno.writeTextFile(from, "2");
    await renameDurably(from, to);
    assertEquals(await Deno.readTextFile(to), "2");
    assertEquals(await statIfPresent(from), null);
  });
});

Deno.test("a missing file is null to stat, and no error to remove", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "file");
    await removeIfPresent(path);
    assertEquals(await statIfPresent(path), null);
    await Deno.writeTextFile(path, "text");
    assertEquals((await statIfPresent(path))?.size, 4);
    assertEquals(await statIfPresent(join(path, "below a file")), null);
    await removeIfPresent(path);
    assertEquals(await statIfPresent(path), null);
  });
});

Deno.test("a file's content is on disk before its name, and its name before the write ends", async () => {
  await inTempFolder(async (folder) => {
    using disk = new DiskEvents();
    await writeFileDurably(join(folder, "sub", "file"), "text");
    const events = disk.events.map((event) => event.replace(/\.[0-9a-f]{8}\.new$/, ".new"));
    assertEquals(events, ["sync file.new", "rename file", "sync the directory sub"]);
  });
});
