import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { packTar } from "modern-tar";
import { PkgstashError } from "../../../../src/errors.ts";
import { TarReader } from "../../../../src/formats/archive/tar_reader.ts";
import { tarOf } from "../../../support/sync_db_reading.ts";

const BLOCK = 512;
const MARK = new Uint8Array(2 * BLOCK);

/** Every member, as `type name: content`; throws what the reader throws. */
function membersOf(tar: Uint8Array, chunkBytes = tar.length): string[] {
  const reader = new TarReader(() => true);
  const members: string[] = [];
  for (let at = 0; at < tar.length; at += chunkBytes) {
    // A source may use the memory of its chunks again.
    const chunk = tar.slice(at, at + chunkBytes);
    for (const { name, type, body } of reader.push(chunk)) {
      members.push(`${type} ${name}: ${body === null ? "" : new TextDecoder().decode(body)}`);
    }
    chunk.fill(0xff);
  }
  reader.finish();
  return members;
}

function refusalOf(tar: Uint8Array): string {
  const error = assertThrows(() => membersOf(tar), PkgstashError);
  assertEquals(error.kind, "content");
  return error.message;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** The tar without the zeros at its end. */
function withoutMark(tar: Uint8Array): Uint8Array {
  const last = tar.findLastIndex((byte) => byte !== 0);
  return tar.subarray(0, Math.ceil((last + 1) / BLOCK) * BLOCK);
}

async function twoMembers(): Promise<Uint8Array> {
  return withoutMark(await tarOf(["a/one", "1"], ["a/two", "2".repeat(600)]));
}

Deno.test("the members of a tar are the same for all sizes of chunks", async () => {
  const name = `${"long-".repeat(60)}name`;
  const tar = await tarOf(["a/", null], ["a/x", "content"], [name, "y".repeat(2000)], ["z", ""]);
  const expected = ["directory a/: ", "file a/x: content", `file ${name}: ${"y".repeat(2000)}`];
  for (const chunkBytes of [1, 511, 512, 513, 5000, tar.length]) {
    assertEquals(membersOf(tar, chunkBytes), [...expected, "file z: "]);
  }
});

Deno.test("content that is not wanted is passed over, however long", async () => {
  const tar = await tarOf(["long", "x".repeat(100_000)], ["short", "y"]);
  const reader = new TarReader((name) => name === "short");
  const bodies = [...reader.push(tar)].map(({ body }) => body?.length ?? null);
  assertEquals(bodies, [null, 1]);
  reader.finish();
});

Deno.test("links and devices are members without content", async () => {
  for (const type of ["symlink", "link", "fifo", "character-device"] as const) {
    const tar = await packTar([
      { header: { name: "x", type, size: 0, linkname: "y" } },
      { header: { name: "z", size: 1 }, body: "z" },
    ]);
    assertEquals(membersOf(tar), ["other x: ", "file z: z"]);
  }
});

Deno.test("an end is two blocks of zeros and nothing else", async () => {
  const tar = await twoMembers();
  const expected = membersOf(joined(tar, MARK));
  assertEquals(expected.length, 2);
  for (const padding of [1, 512, 9216, 1024 * 1024 - 2 * BLOCK]) {
    assertEquals(membersOf(joined(tar, MARK, new Uint8Array(padding))), expected, `${padding}`);
  }
  assertStringIncludes(refusalOf(tar), "end mark");
  assertStringIncludes(refusalOf(joined(tar, new Uint8Array(BLOCK))), "end mark");
  assertStringIncludes(refusalOf(joined(tar, MARK, new Uint8Array([1]))), "data follows");
  assertStringIncludes(refusalOf(joined(tar, new Uint8Array(1024 * 1024 + 1))), "too many zeros");
});

Deno.test("zeros between members are not the end of a tar, but damage", async () => {
  const tar = await twoMembers();
  for (const blocks of [1, 2, 20]) {
    const hole = new Uint8Array(blocks * BLOCK);
    const damaged = joined(tar.subarray(0, 2 * BLOCK), hole, tar.subarray(2 * BLOCK), MARK);
    assertStringIncludes(refusalOf(damaged), "data follows");
  }
  const overwritten = joined(tar, MARK);
  overwritten.fill(0, 2 * BLOCK, 3 * BLOCK);
  refusalOf(overwritten);
});

Deno.test("only as many zeros as repo-add writes are an empty tar", () => {
  for (const length of [2 * BLOCK, 10_240]) assertEquals(membersOf(new Uint8Array(length)), []);
  for (const length of [BLOCK, 10_752, 130_000, 1024 * 1024]) {
    assertThrows(() => membersOf(new Uint8Array(length)), PkgstashError, "");
  }
});

Deno.test("a tar that is cut anywhere is refused", async () => {
  const tar = joined(await twoMembers(), MARK);
  for (let length = 0; length < tar.length; length += 64) refusalOf(tar.subarray(0, length));
});

Deno.test("a header with a changed byte is refused", async () => {
  const tar = joined(await twoMembers(), MARK);
  for (let at = 0; at < BLOCK; at++) {
    const changed = tar.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x15;
    let members: string[] = [];
    try {
      members = membersOf(changed);
    } catch (error) {
      assert(error instanceof PkgstashError && error.kind === "content", String(error));
      continue;
    }
    // The padding of the checksum itself has no meaning.
    assertEquals(members, membersOf(tar), `byte ${at}`);
  }
});

Deno.test("the size in a pax header counts, and a sparse member is refused", async () => {
  const content = "y".repeat(700);
  const pax = "12 size=700\n";
  const tar = joined(withoutMark(await tarOf(["pax", pax], ["x", content])), MARK);
  tar[156] = "x".charCodeAt(0);
  // The size in the header itself is too small, as for files beyond 8 GiB.
  tar.set(new TextEncoder().encode("00000000001"), 2 * BLOCK + 124);
  assertEquals(membersOf(withChecksums(tar, [0, 2])), [`file x: ${content}`]);
  const sparse = joined(await twoMembers(), MARK);
  sparse[156] = "S".charCodeAt(0);
  assertStringIncludes(refusalOf(withChecksums(sparse, [0])), "sparse");
});

Deno.test("a prefix counts as libarchive reads it: not in a tar of GNU, and in all others", async () => {
  const { buffer } = joined(withoutMark(await tarOf(["name", ""])), MARK);
  const cases = [["ustar\0" + "00", "prefix/name"], ["ustar  \0", "name"], [
    "ustarx00",
    "prefix/name",
  ]];
  for (const [magic = "", name] of cases) {
    const tar = new Uint8Array(buffer.slice());
    tar.set(new TextEncoder().encode(magic), 257);
    tar.set(new TextEncoder().encode("prefix"), 345);
    assertEquals(membersOf(withChecksums(tar, [0])), [`file ${name}: `], magic);
  }
});

Deno.test("a member has the long name and target of GNU, and no two headers of pax", async () => {
  const tar = joined(
    withoutMark(await tarOf(["1", "long name"], ["2", "long target"], ["x", ""])),
    MARK,
  );
  const extended = (first: string, second: string) => {
    const copy = tar.slice();
    copy.set([first.charCodeAt(0)], 156);
    copy.set([second.charCodeAt(0)], 2 * BLOCK + 156);
    copy.set(["2".charCodeAt(0)], 4 * BLOCK + 156);
    return withChecksums(copy, [0, 2, 4]);
  };
  const links = [...new TarReader(() => true).push(extended("L", "K"))];
  assertEquals(links.map(({ name, link }) => [name, link]), [
    ["long name", { kind: "symbolic", target: "long target" }],
  ]);
  for (const [first, second] of [["L", "L"], ["K", "K"]] as const) {
    assertStringIncludes(refusalOf(extended(first, second)), "several headers");
  }
  const pax = joined(
    withoutMark(await tarOf(["1", "10 path=a\n"], ["2", "10 path=b\n"], ["x", ""])),
    MARK,
  );
  for (const type of ["x", "L"]) {
    const mixed = pax.slice();
    mixed.set(["x".charCodeAt(0)], 156);
    mixed.set([type.charCodeAt(0)], 2 * BLOCK + 156);
    assertStringIncludes(refusalOf(withChecksums(mixed, [0, 2])), "several headers");
  }
});

Deno.test("a hard link with a size is refused: some readers take what follows for content", async () => {
  const tar = joined(await twoMembers(), MARK);
  tar.set(["1".charCodeAt(0)], 156);
  assertStringIncludes(refusalOf(withChecksums(tar, [0])), "a hard link has a size");
});

/** Corrects the checksums of the headers in these blocks. */
function withChecksums(tar: Uint8Array, headers: readonly number[]): Uint8Array {
  for (const header of headers) {
    const block = tar.subarray(header * BLOCK, (header + 1) * BLOCK);
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return tar;
}

Deno.test("content that is not wanted passes, file by file, whatever the size of the chunks", async () => {
  const contents = ["", "1", "2".repeat(600), "3".repeat(512), "4".repeat(1500)];
  const tar = await tarOf(...contents.map((text, index) => [`f${index}`, text] as const));
  for (const chunkBytes of [1, 7, 511, 512, 513, 2000, tar.length]) {
    const passed: string[] = [];
    const decoder = new TextDecoder();
    const reader = new TarReader(
      (name) => name === "f2",
      (bytes) => passed.push(passed.pop()! + decoder.decode(bytes)),
    );
    for (let at = 0; at < tar.length; at += chunkBytes) {
      for (const { name } of reader.push(tar.slice(at, at + chunkBytes))) {
        passed.push(`${name} `);
      }
    }
    const wanted = contents.map((text, index) => `f${index} ${index === 2 ? "" : text}`);
    assertEquals(passed, wanted, `chunks of ${chunkBytes}`);
  }
});
