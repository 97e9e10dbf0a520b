import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { streamOf } from "../../../src/repositories/file_stream.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { Gate } from "../../support/fake_mirror.ts";

const BLOCK = 256 * 1024;

/** A file in memory that counts what is asked of its descriptors. */
class CountedFile {
  reads = 0;
  closed = 0;
  /** Whether a read goes on while its descriptor is closed. */
  isCutOff = false;
  /** Reads wait for it. */
  gate: Gate | null = null;
  readonly bytes: Uint8Array;
  readonly info: Deno.FileInfo;
  static #count = 0;

  constructor(bytes: Uint8Array, size = bytes.length) {
    this.bytes = bytes;
    const ino = ++CountedFile.#count;
    this.info = { dev: 1, ino, size, mtime: new Date(0) } as unknown as Deno.FileInfo;
  }

  open(): { file: Deno.FsFile; info: Deno.FileInfo } {
    let position = 0;
    let isClosed = false;
    const seekSync = (to: number, whence: Deno.SeekMode) =>
      position = whence === Deno.SeekMode.Start ? to : position + to;
    const file = {
      readable: new ReadableStream(),
      seekSync,
      seek: (to: number, whence: Deno.SeekMode) => Promise.resolve(seekSync(to, whence)),
      read: async (buffer: Uint8Array) => {
        this.reads++;
        await this.gate?.pass();
        if (isClosed) this.isCutOff = true;
        const piece = this.bytes.subarray(position, position + buffer.length);
        buffer.set(piece);
        position += piece.length;
        return piece.length === 0 ? null : piece.length;
      },
      close: () => {
        isClosed = true;
        this.closed++;
      },
    };
    return { file: file as unknown as Deno.FsFile, info: this.info };
  }
}

/** The next chunk, which is only valid until the one after it; null at the end. */
async function copyOf(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array | null> {
  const { value } = await reader.read();
  return value?.slice() ?? null;
}

Deno.test("clients of one file get the bytes of their ranges, in whatever order they read", async () => {
  const bytes = packageBytes(5 * BLOCK + 1234, 1);
  const range = fc.tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1))
    .map(([one, other]) => ({ start: Math.min(one, other), end: Math.max(one, other) }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(range, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(3)),
      fc.infiniteStream(fc.constantFrom(0, 1000)),
      async (ranges, turns, pauses) => {
        const file = new CountedFile(bytes);
        let now = 0;
        const clients = ranges.map((range) => ({
          at: range.start,
          end: range.end + 1,
          reader: streamOf(file.open(), range, () => now).body.getReader(),
        }));
        for (let left = clients.slice(); left.length > 0;) {
          const client = left[turns.next().value! % left.length]!;
          now += pauses.next().value!;
          const chunk = await copyOf(client.reader);
          if (chunk === null) {
            assertEquals(client.at, client.end);
            left = left.filter((one) => one !== client);
            continue;
          }
          assertEquals(chunk, bytes.subarray(client.at, client.at + chunk.length));
          client.at += chunk.length;
        }
        assertEquals(file.closed, ranges.length);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("clients that are sent a file at the same time read it once", async () => {
  const file = new CountedFile(packageBytes(8 * BLOCK, 1));
  const range = { start: 0, end: file.bytes.length - 1 };
  const readers = [1, 2, 3].map(() => streamOf(file.open(), range, () => 0).body.getReader());
  for (let block = 0; block < 8; block++) {
    await Promise.all(readers.map((reader) => copyOf(reader)));
  }
  assertEquals(file.reads, 8);
  for (const reader of readers) assertEquals(await copyOf(reader), null);
  // Nothing is kept for those who come later, since the file may change.
  const later = streamOf(file.open(), range, () => 0).body.getReader();
  await later.read();
  assertEquals(file.reads, 9);
  await later.cancel();
});

Deno.test("the memory of a chunk is given back once nobody needs it", async () => {
  const file = new CountedFile(packageBytes(40 * BLOCK, 1));
  const range = { start: 0, end: file.bytes.length - 1 };
  const open = () => streamOf(file.open(), range, () => 0).body.getReader();
  const one = open();
  const { value: alone } = await one.read();
  assertEquals(alone?.length, BLOCK);
  const other = open();
  const { value: shared } = await one.read();
  assertEquals([alone?.length, shared?.length], [0, BLOCK]);
  // Far beyond what is kept for others.
  for (let block = 0; block < 39; block++) await other.read();
  assertEquals(shared?.length, BLOCK);
  await one.read();
  assertEquals(shared?.length, 0);
  await Promise.all([one.cancel(), other.cancel()]);
});

Deno.test("a slow client holds little of a file in memory", async () => {
  const file = new CountedFile(packageBytes(4 * BLOCK, 1));
  let now = 0;
  const range = { start: 0, end: file.bytes.length - 1 };
  const reader = streamOf(file.open(), range, () => now).body.getReader();
  const lengths: (number | undefined)[] = [];
  for (const pause of [0, 1000, 1000]) {
    now += pause;
    lengths.push((await copyOf(reader))?.length);
  }
  assertEquals(lengths, [BLOCK, 32 * 1024, 32 * 1024]);
  await reader.cancel();
});

Deno.test("only so many clients at a time have large blocks in memory", async () => {
  const file = new CountedFile(packageBytes(2 * BLOCK, 1));
  const range = { start: 7, end: file.bytes.length - 1 };
  const open = () => streamOf(file.open(), range, () => 0).body.getReader();
  const quick = Array.from({ length: 32 }, open);
  const late = file.open();
  assertEquals(streamOf(late, range, () => 0), { body: late.file.readable, sent: null });
  assertEquals(await late.file.seek(0, Deno.SeekMode.Current), 7);
  const part = streamOf(file.open(), { ...range, end: BLOCK }, () => 0).body.getReader();
  assertEquals((await copyOf(part))?.length, 32 * 1024);
  await Promise.all(quick.map((reader) => reader.cancel()));
  const next = open();
  assertEquals((await copyOf(next))?.length, BLOCK - 7);
  await Promise.all([part.cancel(), next.cancel()]);
});

Deno.test("a client that leaves cancels no read of the others", async () => {
  const file = new CountedFile(packageBytes(2 * BLOCK, 1));
  const gate = file.gate = new Gate();
  const range = { start: 0, end: file.bytes.length - 1 };
  const [leaving, staying] = [1, 2].map(() =>
    streamOf(file.open(), range, () => 0).body.getReader()
  );
  const reads = [leaving!.read(), staying!.read()];
  const left = leaving!.cancel();
  gate.release();
  assertEquals((await reads[1])?.value?.length, BLOCK);
  await left;
  assertEquals([file.reads, file.isCutOff, file.closed], [1, false, 1]);
  await staying!.cancel();
});

Deno.test("a file that is shorter than it was breaks off the response", async () => {
  const file = new CountedFile(packageBytes(BLOCK, 1), 2 * BLOCK);
  const reader = streamOf(file.open(), { start: 0, end: 2 * BLOCK - 1 }, () => 0).body.getReader();
  await copyOf(reader);
  await assertRejects(
    () => reader.read(),
    Error,
    "Cannot send the file: it is shorter than expected.",
  );
  assertEquals(file.closed, 1);
});

Deno.test("the bytes sent of a file are known when its client leaves", async () => {
  const file = new CountedFile(packageBytes(4 * BLOCK, 1));
  const { body, sent } = streamOf(file.open(), { start: 7, end: 4 * BLOCK - 1 }, () => 0);
  const reader = body.getReader();
  assertEquals(sent?.(), 0);
  await reader.read();
  await reader.read();
  await reader.cancel();
  assertEquals(sent?.(), 2 * BLOCK - 7);
});
