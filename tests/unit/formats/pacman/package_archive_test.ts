import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { createTarPacker } from "modern-tar";
import { zstdCompressSync } from "node:zlib";
import { eventLoopTurn } from "../../../../src/async/event_loop_turn.ts";
import { readPackageArchive } from "../../../../src/formats/pacman/package_archive.ts";
import {
  gzipped,
  MADE_PACKAGE,
  madePackage,
  packageInfo,
  type PackageMember,
} from "../../../support/made_package.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { contentError, streamOf } from "../../../support/sync_db_reading.ts";

const INFO: PackageMember = [".PKGINFO", packageInfo()];

const read = (bytes: Uint8Array, fileName = MADE_PACKAGE) =>
  readPackageArchive(streamOf(bytes), fileName);

Deno.test("a package is read whatever its compression and the size of its chunks", async () => {
  const tar = await madePackage();
  const expected = await read(tar);
  assertEquals(expected.info.name, "foo");
  assertEquals(expected.buildInfo, null);
  assertEquals(expected.files, ["usr/", "usr/bin/", "usr/bin/foo"]);
  for (const bytes of [tar, await gzipped(tar), zstdCompressSync(tar)]) {
    for (const chunkBytes of [1, 512, 100_000]) {
      assertEquals(await readPackageArchive(streamOf(bytes, chunkBytes), MADE_PACKAGE), expected);
    }
  }
});

Deno.test("a script that runs at the installation is not overlooked", async () => {
  assertEquals((await read(await madePackage([INFO]))).hasScript, false);
  const scripted = await read(await madePackage([INFO, [".INSTALL", "post_install() { :; }"]]));
  assertEquals([scripted.hasScript, scripted.script], [true, "post_install() { :; }"]);
});

Deno.test("the files are listed as repo-add lists them", async () => {
  const names = ["b", "a/", "a/\u{1f4e6}", "a/\uffee", "a/x\ny\\", ".hidden", "ü"];
  const { files } = await read(
    await madePackage([INFO, ...names.map((name): PackageMember => [name, ""])]),
  );
  assertEquals(files, ["a/", "a/x\\ny\\\\", "a/\uffee", "a/\u{1f4e6}", "b", "ü"]);
});

const link = (name: string, linkname: string): PackageMember => ({
  name,
  type: "symlink",
  linkname,
});
const hardLink = (name: string, linkname: string): PackageMember => ({
  name,
  type: "link",
  linkname,
});
const pax = (name: string, records: Record<string, string>): PackageMember => ({
  name,
  pax: records,
});

Deno.test("a file with more rights than who runs it is told, by its mode or its capabilities", async () => {
  const { privileged } = await read(
    await madePackage([
      INFO,
      { name: "usr/", mode: 0o2755 },
      { name: "usr/a", mode: 0o4755 },
      { name: "usr/b", mode: 0o2755 },
      { name: "usr/c", mode: 0o1755 },
      { ...hardLink("usr/d", "usr/c"), mode: 0o4755 },
      pax("usr/e", {
        "SCHILY.xattr.security.capability": "\x01",
        "LIBARCHIVE.xattr.security%2ecapability": "AQ",
      }),
    ]),
  );
  assertEquals(
    privileged.map(({ path, mode, attributes }) => [path, mode & 0o6000, ...attributes]),
    [
      ["usr/a", 0o4000],
      ["usr/b", 0o2000],
      ["usr/d", 0o4000],
      ["usr/e", 0, "security.capability"],
    ],
  );
});

/** What is refused, and the reason that is given. */
const REFUSED: readonly [what: string, members: readonly PackageMember[], reason: string][] = [
  ["a path that climbs out", [INFO, ["../x", ""]], '"../x" leads out of the package'],
  ["a path that climbs within", [INFO, ["usr/../x", ""]], "leads out of the package"],
  ["an absolute path", [INFO, ["/etc/x", ""]], '"/etc/x" is absolute'],
  ["a path from here", [INFO, ["./usr/x", ""]], "is not in its shortest form"],
  ["a path with an empty part", [INFO, ["usr//x", ""]], "is not in its shortest form"],
  ["the root itself", [INFO, ["./", ""]], "is not in its shortest form"],
  ["a path in a pax header", [INFO, pax("x", { path: "../x" })], "leads out of the package"],
  ["a sparse file", [INFO, pax("x", { "GNU.sparse.map": "0,0" })], "a member is sparse"],
  ["a NUL in a pax path", [INFO, pax("x", { path: "x\0/../y" })], "pax header is malformed"],
  ["a path of 5,000 letters", [INFO, ["x".repeat(5000), ""]], "is too long"],
  [
    "a file below a symbolic link",
    [INFO, link("usr", "/etc"), ["usr/passwd", ""]],
    'leads through the symbolic link "usr"',
  ],
  [
    "a file deep below a symbolic link, among others",
    [INFO, ["a/b", ""], link("usr/lib", "/etc"), ["usr/lib-x", ""], ["usr/lib/y/z/passwd", ""]],
    'leads through the symbolic link "usr/lib"',
  ],
  [
    "a file below a symbolic link that comes later",
    [INFO, ["usr/passwd", ""], link("usr", "/etc")],
    'leads through the symbolic link "usr"',
  ],
  ["a hard link out", [INFO, hardLink("x", "../../etc/shadow")], "is not a file before it"],
  ["a hard link to the system", [INFO, hardLink("x", "etc/shadow")], "is not a file before it"],
  ["a hard link in a pax header", [
    INFO,
    ["y", ""],
    { name: "x", type: "link", linkname: "y", pax: { linkpath: "/etc/shadow" } },
  ], "is not a file before it"],
  [
    "a hard link to a symbolic link",
    [INFO, link("y", "/etc/shadow"), hardLink("x", "y")],
    "is not a file before it",
  ],
  ["a hard link to a later file", [INFO, hardLink("x", "y"), ["y", ""]], "not a file before it"],
  ["a hard link to itself", [INFO, hardLink("x", "x")], "is a hard link to itself"],
  ["a link to nothing", [INFO, link("x", "")], "is a link to nothing"],
  ["a device", [INFO, { name: "x", type: "character-device" }], "is a device or a FIFO"],
  ["a disk", [INFO, { name: "x", type: "block-device" }], "is a device or a FIFO"],
  ["a FIFO", [INFO, { name: "x", type: "fifo" }], "is a device or a FIFO"],
  ["two files of one path", [INFO, ["x", ""], ["x", ""]], 'it contains "x" twice'],
  ["a file and a folder of one path", [INFO, ["x", ""], ["x/", ""]], "it contains"],
  ["no .PKGINFO", [["x", ""]], "it has no .PKGINFO"],
  ["a .PKGINFO in a folder", [["x/.PKGINFO", packageInfo()]], "it has no .PKGINFO"],
  ["two .PKGINFO", [INFO, INFO], 'it contains ".PKGINFO" twice'],
  ["a .PKGINFO that is a link", [link(".PKGINFO", "x")], "its .PKGINFO is not a file"],
  ["a .PKGINFO that is a folder", [[".PKGINFO/", ""]], "it has no .PKGINFO"],
  ["an empty .PKGINFO", [[".PKGINFO", ""]], "it has no pkgname"],
  ["a NUL in .PKGINFO", [[".PKGINFO", packageInfo("url = \0")]], "control character"],
  ["too large a .PKGINFO", [[".PKGINFO", "#".repeat(300_000)]], "more than 262144"],
  [
    "another name in .PKGINFO",
    [[".PKGINFO", packageInfo("pkgname = bar")]],
    'its .PKGINFO has the name "bar"',
  ],
  [
    "another version in .PKGINFO",
    [[".PKGINFO", packageInfo("pkgver = 2.0-3")]],
    'its .PKGINFO has the version "2.0-3"',
  ],
  [
    "another release in .PKGINFO",
    [[".PKGINFO", packageInfo("pkgver = 1:2.0-4")]],
    'its .PKGINFO has the version "1:2.0-4"',
  ],
  [
    "another architecture in .PKGINFO",
    [[".PKGINFO", packageInfo("arch = any")]],
    'its .PKGINFO has the architecture "any"',
  ],
  [
    "another name in .BUILDINFO",
    [INFO, [".BUILDINFO", "format = 2\npkgname = bar\n"]],
    'its .BUILDINFO has the name "bar"',
  ],
  [
    "another version in .BUILDINFO",
    [INFO, [".BUILDINFO", "pkgname = foo\npkgver = 1-1\n"]],
    'its .BUILDINFO has the version "1-1"',
  ],
];

Deno.test("a hostile or broken package is refused with the reason", async (t) => {
  for (const [what, members, reason] of REFUSED) {
    await t.step(what, async () => {
      const tar = await madePackage(members);
      for (const bytes of [tar, await gzipped(tar)]) {
        const { message } = await contentError(read(bytes));
        assertStringIncludes(message, `Cannot take "${MADE_PACKAGE}": `);
        assertStringIncludes(message, reason);
        assert(message.length < 400, message);
      }
    });
  }
});

/** What looks odd, and what pacman takes without harm. */
const TAKEN: readonly [what: string, members: readonly PackageMember[]][] = [
  [".PKGINFO is not the first", [["usr/", ""], ["usr/x", ""], INFO]],
  ["a symbolic link to an absolute path", [INFO, link("x", "/etc/passwd")]],
  ["a symbolic link that climbs", [INFO, link("x", "../../../etc/passwd")]],
  ["a hard link to an earlier file", [INFO, ["y", "1"], hardLink("x", "y")]],
  ["a hard link to a hard link", [INFO, ["y", "1"], hardLink("x", "y"), hardLink("z", "x")]],
  ["two dots in a name", [INFO, ["usr..x/..y", ""]]],
  ["no folders before their files", [INFO, ["usr/bin/x", ""]]],
  ["a file without content beside a link", [INFO, link("usr-link", "usr"), ["usr/x", ""], [
    "usr-link0",
    "",
  ]]],
  ["keys that nobody knows", [[".PKGINFO", packageInfo("pkgtype = x", "xdata = pkgtype=pkg")]]],
];

Deno.test("an odd package that does no harm is taken", async (t) => {
  for (const [what, members] of TAKEN) {
    await t.step(what, async () => void await read(await madePackage(members)));
  }
});

Deno.test("a damaged archive is refused with the reason", async (t) => {
  const tar = await madePackage();
  const gzip = await gzipped(tar);
  const zeros = await madePackage([INFO, { name: "x", bytes: new Uint8Array(64 * 1024 ** 2) }]);
  const cases: readonly [what: string, bytes: Uint8Array, reason: string][] = [
    ["nothing", new Uint8Array(0), "it has no bytes"],
    ["a page", new TextEncoder().encode("<html>".padEnd(1000)), "HTML"],
    ["random bytes", new Uint8Array(2000).fill(0x5a), "neither a tar"],
    ["a gzip cut short", gzip.subarray(0, gzip.length - 20), ""],
    ["a tar cut short", tar.subarray(0, tar.length - 1024), "end mark"],
    ["a tar cut in a file", tar.subarray(0, 700), "end mark"],
    ["garbage behind a tar", concat([tar, new Uint8Array([1])]), "data follows the zero blocks"],
    ["garbage behind a gzip", concat([gzip, new Uint8Array(100).fill(7)]), ""],
    ["another tar behind a tar", concat([tar, tar]), "data follows the zero blocks"],
    ["a changed byte", gzip.with(gzip.length >> 1, 0x55), ""],
    ["an empty tar", new Uint8Array(10_240), "it has no .PKGINFO"],
    ["a zip bomb", zstdCompressSync(zeros), "it holds more than"],
  ];
  for (const [what, bytes, reason] of cases) {
    await t.step(what, async () => {
      const { message } = await contentError(read(bytes));
      assertStringIncludes(message, reason);
    });
  }
});

Deno.test("a .PKGINFO of 100 MB is refused by its header, before it arrives", async () => {
  const { readable, controller } = createTarPacker();
  controller.add({ name: ".PKGINFO", size: 100_000_000, type: "file" });
  const { value: header } = await readable.getReader().read();
  let sent = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller): void {
      controller.enqueue(sent === 0 ? header : new Uint8Array(64 * 1024));
      sent++;
    },
  }, { highWaterMark: 0 });
  const { message } = await contentError(readPackageArchive(source, MADE_PACKAGE));
  assertStringIncludes(message, "its .PKGINFO has 100000000 bytes");
  assert(sent < 10, `${sent} chunks were read`);
});

Deno.test("a package of a gigabyte is read without keeping it", async () => {
  const size = 1024 ** 3;
  const { readable, controller } = createTarPacker();
  controller.add({ name: "big", size, type: "file" });
  const { value: header } = await readable.getReader().read();
  const parts = [
    (await madePackage([INFO])).subarray(0, 1024),
    header!,
    ...Array.from<undefined>({ length: size / 65_536 }),
    new Uint8Array(1024),
  ].values();
  const source = new ReadableStream<Uint8Array>({
    pull(controller): void {
      const { value, done } = parts.next();
      if (done) controller.close();
      else controller.enqueue(value ?? new Uint8Array(65_536).fill(1));
    },
  }, { highWaterMark: 0 });
  const before = Deno.memoryUsage().rss;
  const { files } = await readPackageArchive(source, MADE_PACKAGE);
  assertEquals(files, ["big"]);
  // Garbage that waits for its collection, and nothing near the package.
  assert(Deno.memoryUsage().rss - before < size / 4);
});

Deno.test("a package with too many files is refused", async () => {
  const members = Array.from({ length: 50 }, (_, index): PackageMember => [`f${index}`, ""]);
  const bytes = await madePackage([INFO, ...members]);
  assertEquals(
    (await readPackageArchive(streamOf(bytes), MADE_PACKAGE, { maxEntries: 51 })).files.length,
    50,
  );
  const { message } = await contentError(
    readPackageArchive(streamOf(bytes), MADE_PACKAGE, { maxEntries: 50 }),
  );
  assertStringIncludes(message, "it has more than 50 files");
});

Deno.test("a name that makepkg would not give is refused", async () => {
  const bytes = await madePackage();
  for (
    const name of ["foo.pkg.tar", "foo-1:2.0-3-x86_64.tar", "foo-1:2.0-3-x86_64.pkg.tar.exe", ""]
  ) {
    const { message } = await contentError(read(bytes, name));
    assertStringIncludes(
      message,
      "its file name is not of the form NAME-VERSION-RELEASE-ARCHITECTURE",
    );
  }
});

Deno.test("a .MTREE must match the files of the package", async (t) => {
  const withMtree = async (...lines: readonly string[]) => {
    const mtree = await gzipped(new TextEncoder().encode(`#mtree\n${lines.join("\n")}\n`));
    return await read(
      await madePackage([
        INFO,
        { name: ".MTREE", bytes: mtree },
        ["usr/", ""],
        ["usr/a b", "1"],
        link("usr/ü", "x"),
        { name: "usr/same", type: "link", linkname: "usr/a b" },
      ]),
    );
  };
  const digest = sha256Of(new TextEncoder().encode("1"));
  const other = sha256Of(new TextEncoder().encode("2"));
  const whole = [
    "/set type=file uid=0 gid=0 mode=644",
    `./.PKGINFO time=1700000000.0 size=${packageInfo().length}`,
    "./usr time=1700000000.0 mode=755 type=dir",
    `./usr/a\\040b time=1700000000.0 size=1 sha256digest=${digest}`,
    "./usr/\\303\\274 mode=777 type=link link=x",
    `./usr/same size=1 sha256digest=${digest}`,
  ];
  await withMtree(...whole);
  const refused: readonly [what: string, lines: readonly string[], reason: string][] = [
    ["a path less", whole.toSpliced(3, 1), 'its .MTREE does not list "usr/a b"'],
    ["a path more", [...whole, "./usr/c"], 'the file "usr/c", which is not in it'],
    ["another type", whole.with(4, "./usr/\\303\\274 type=dir"), "which is a link"],
    [
      "another size",
      whole.with(3, "./usr/a\\040b size=2"),
      'its .MTREE says that "usr/a b" has 2 bytes, but it has 1',
    ],
    [
      "another content",
      whole.with(3, `./usr/a\\040b size=1 sha256digest=${other}`),
      '"usr/a b" has another SHA-256 than its .MTREE says',
    ],
    [
      "another content of a hard link",
      whole.with(5, `./usr/same sha256digest=${other}`),
      '"usr/same" has another SHA-256',
    ],
    [
      "another .PKGINFO",
      whole.with(1, `./.PKGINFO sha256digest=${other}`),
      '".PKGINFO" has another SHA-256',
    ],
    ["a size that is none", whole.with(3, "./usr/a\\040b size=-1"), "a malformed size"],
    ["a SHA-256 that is none", whole.with(3, "./usr/a\\040b sha256digest=00"), "malformed SHA-256"],
    ["a type that is none", [...whole, "./x type=block"], 'has the type "block"'],
    ["a line that is none", [...whole, "nonsense"], "has no path below"],
    ["a byte that is no UTF-8", [...whole, "./\\377"], "not UTF-8"],
    ["too long a line", [...whole, `./${"x".repeat(200_000)}`], "too long"],
  ];
  for (const [what, lines, reason] of refused) {
    await t.step(what, async () => {
      const { message } = await contentError(withMtree(...lines));
      assertStringIncludes(message, reason);
    });
  }
  await t.step("not gzip", async () => {
    await contentError(read(await madePackage([INFO, [".MTREE", "#mtree\n"]])));
  });
});

Deno.test("what is taken was read to its last byte, whatever follows the archive", async (t) => {
  const tar = await madePackage();
  const frame = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  for (const bytes of [tar, await gzipped(tar), zstdCompressSync(tar)]) {
    const tails = [new Uint8Array(200_000), new Uint8Array(200_000).fill(7), frame, bytes];
    for (const [index, tail] of tails.entries()) {
      await t.step(`${bytes[0]} and tail ${index}`, async () => {
        const whole = concat([bytes, tail]);
        let read = 0;
        const source = new ReadableStream<Uint8Array>({
          async pull(controller): Promise<void> {
            // So that a reader that does not wait for the end has the time to be done before it.
            await eventLoopTurn();
            if (read >= whole.length) return controller.close();
            controller.enqueue(whole.subarray(read, read += 10_000));
          },
        }, { highWaterMark: 0 });
        const isTaken = await readPackageArchive(source, MADE_PACKAGE).then(
          () => true,
          () => false,
        );
        assert(!isTaken || read >= whole.length, `${read} of ${whole.length} bytes`);
      });
    }
  }
});

Deno.test("an error of the source itself is passed on unchanged", async () => {
  const failure = new Error("the client has left");
  const source = new ReadableStream<Uint8Array>({ pull: (stream) => stream.error(failure) });
  await assertRejects(() => readPackageArchive(source, MADE_PACKAGE), Error, failure.message);
});

Deno.test("a source is cancelled as soon as its package is refused", async () => {
  const bytes = await madePackage([INFO, ["../x", ""]]);
  for (const fileName of [MADE_PACKAGE, "no-package"]) {
    let isCancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes),
      cancel: () => void (isCancelled = true),
    }, { highWaterMark: 0 });
    await contentError(readPackageArchive(source, fileName));
    assert(isCancelled);
  }
});
