import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LogLines } from "../../../../src/building/queue/log_lines.ts";
import { searchFor, searchForErrors } from "../../../../src/building/queue/log_search.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

async function linesOf(
  folder: string,
  text: string | Uint8Array<ArrayBuffer>,
): Promise<LogLines> {
  const path = `${folder}/${crypto.randomUUID()}`;
  if (typeof text === "string") await Deno.writeTextFile(path, text);
  else await Deno.writeFile(path, text);
  const lines = new LogLines(await Deno.open(path));
  await lines.extend(Infinity);
  return lines;
}

/** The lines as a reader of the whole text gets them. */
function naive(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    const bytes = new TextEncoder().encode(line.split("\r").findLast((part) => part !== "") ?? "");
    const shown = new TextDecoder().decode(bytes.subarray(0, 4096));
    return bytes.length > 4096 ? `${shown} [${bytes.length - 4096} more bytes]` : shown;
  });
}

Deno.test("any range of lines is the one that reading the whole log gives", () =>
  inTempFolder(async (folder) => {
    const piece = fc.constantFrom(
      "a",
      "bc\n",
      "\n",
      "\r",
      "\r\n",
      "é",
      "\u001b[31m",
      "x".repeat(300),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.nat({ max: 60 }),
        fc.integer({ min: 1, max: 900 }),
        async (pieces, copies, from) => {
          const text = pieces.join("").repeat(copies + 1);
          const lines = await linesOf(folder, text);
          const expected = naive(text);
          assertEquals(lines.count, expected.length);
          const read = await lines.read(from, 20);
          assertEquals(read.map(({ text }) => text), expected.slice(from - 1, from + 19));
          assertEquals(read.map(({ number }) => number), read.map((_, index) => from + index));
          await lines.close();
        },
      ),
      { numRuns: 60 },
    );
  }));

Deno.test("a growing log has the same lines as a complete one", () =>
  inTempFolder(async (folder) => {
    const text = "one\ntwo\r\nthree\n".repeat(300) + "end";
    const lines = await linesOf(folder, "");
    const whole = await linesOf(folder, text);
    const path = `${folder}/growing`;
    await Deno.writeTextFile(path, text);
    const growing = new LogLines(await Deno.open(path));
    for (let size = 0; size <= text.length; size += 7) await growing.extend(size);
    await growing.extend(text.length);
    assertEquals(growing.count, whole.count);
    assertEquals(await growing.read(1, 1000), await whole.read(1, 1000));
    for (const each of [lines, whole, growing]) await each.close();
  }));

Deno.test("an overlong line is cut off, and its remaining bytes are counted", () =>
  inTempFolder(async (folder) => {
    const lines = await linesOf(
      folder,
      `first\n${"x".repeat(3_000_000)}\r${"y".repeat(5000)}\nlast\n`,
    );
    const read = await lines.read(1, 10);
    assertEquals(read.length, 3);
    assertEquals(read[1]!.text, `${"y".repeat(4096)} [904 more bytes]`);
    await lines.close();
  }));

Deno.test("a search finds lines by their text, ignoring case and colours", () =>
  inTempFolder(async (folder) => {
    const filler = "nothing\n".repeat(1000);
    const lines = await linesOf(
      folder,
      `${filler}A \u001b[31mRed\u001b[0mder line\nredder\rblue\n${filler}REDDER\n`,
    );
    const find = (after: number, limit = 10) => lines.search(searchFor("redder"), { after, limit });
    assertEquals((await find(0)).map(({ number }) => number), [1001, 2003]);
    assertEquals((await find(0, 1)).map(({ number }) => number), [1001]);
    assertEquals((await find(1001)).map(({ number }) => number), [2003]);
    assertEquals(await lines.search(searchFor("absent"), { after: 0, limit: 9 }), []);
    await lines.close();
  }));

Deno.test("the first error is found among flags and file names that contain the word", () =>
  inTempFolder(async (folder) => {
    for (
      const line of [
        "\u001b[01m\u001b[Kmain.c:3:5:\u001b[m\u001b[K \u001b[01;31m\u001b[Kerror: \u001b[m\u001b[Kno such thing",
        "error[E0308]: mismatched types",
        "make: *** [Makefile:3: all] Error 1",
        "==> ERROR: A failure occurred in build().",
        "/usr/bin/ld: main.o: undefined reference to `x'",
        "./configure: line 3: foo: command not found",
        "Traceback (most recent call last):",
      ]
    ) {
      const lines = await linesOf(
        folder,
        `gcc -Werror -c error.c\nchecking for error.h... yes\n0 errors\n${line}\n`,
      );
      const found = await lines.search(searchForErrors, { after: 0, limit: 1 });
      assertEquals(found.map(({ number }) => number), [4], line);
      await lines.close();
    }
  }));

Deno.test("any bytes can be read and searched as lines", () =>
  inTempFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const lines = await linesOf(folder, new Uint8Array(bytes));
        const read = await lines.read(1, 1000);
        assertEquals(read.length, lines.count);
        await lines.search(searchFor("a"), { after: 0, limit: 10 });
        await lines.close();
        assert(read.every(({ text }) => !text.includes("\n")));
      }),
      { numRuns: 50 },
    );
  }));

Deno.test("a repeated search examines no line again until the log has grown", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/log`;
    await Deno.writeTextFile(path, "one\n");
    const lines = new LogLines(await Deno.open(path));
    await lines.extend(Infinity);
    let looks = 0;
    const search = (text: string) => {
      looks++;
      return searchForErrors(text);
    };
    const find = () => lines.search(search, { after: 0, limit: 1 });
    assertEquals(await find(), []);
    const before = looks;
    assertEquals(await find(), []);
    assertEquals(looks, before);
    await Deno.writeTextFile(path, "error: two\n", { append: true });
    await lines.extend(Infinity);
    assertEquals((await find()).map(({ number }) => number), [2]);
    await lines.close();
  }));

Deno.test("each line of a log is read by its number, whether the index has it or not", () =>
  inTempFolder(async (folder) => {
    const all = Array.from({ length: 1100 }, (_, index) => `line ${index + 1}`);
    const lines = await linesOf(folder, all.map((line) => `${line}\n`).join(""));
    for (let from = 1; from <= 1101; from++) {
      const read = await lines.read(from, 2);
      assertEquals(read.map(({ text }) => text), all.slice(from - 1, from + 1));
    }
    await lines.close();
  }));
