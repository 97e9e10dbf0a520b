import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BuildLog, type LogPart, readEndedLog } from "../../../../src/building/queue/build_log.ts";
import { masked } from "../../../../src/building/queue/masking.ts";
import { statIfPresent } from "../../../../src/platform/files/durable.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (text: string) => encoder.encode(text);
const NEVER = new AbortController().signal;

async function textOf(parts: AsyncIterable<LogPart>): Promise<string> {
  let text = "";
  for await (const { bytes } of parts) text += decoder.decode(bytes);
  return text;
}

const TOKEN = `pkgstash_0123456789ab_${"s3cret".repeat(7)}x`;

Deno.test("a log has each byte once, whatever is sent twice, late or after a gap", () =>
  inTempFolder(async (folder) => {
    const log = await BuildLog.open(`${folder}/1.log`, { maxBytes: 1000 });
    assertEquals(await log.append(0, bytesOf("one\n")), { nextOffset: 4, isFull: false });
    assertEquals(await log.append(0, bytesOf("one\n")), { nextOffset: 4, isFull: false });
    assertEquals(await log.append(2, bytesOf("e\ntwo\n")), { nextOffset: 8, isFull: false });
    assertEquals(await log.append(100, bytesOf("lie\n")), { nextOffset: 8, isFull: false });
    assertEquals(await log.append(8, bytesOf("end")), { nextOffset: 11, isFull: false });
    await log.finish();
    assertEquals(await log.append(11, bytesOf("late")), { nextOffset: 11, isFull: false });
    assertEquals(await textOf(readEndedLog(`${folder}/1.log`, 0)), "one\ntwo\nend");
    assertEquals(await textOf(readEndedLog(`${folder}/1.log`, 9)), "nd");
    assertEquals(await statIfPresent(`${folder}/1.log`), null);
  }));

Deno.test("a full log accepts no more, and says so", () =>
  inTempFolder(async (folder) => {
    const log = await BuildLog.open(`${folder}/1.log`, { maxBytes: 10 });
    assertEquals(await log.append(0, bytesOf("0123456789abcdef")), {
      nextOffset: 10,
      isFull: true,
    });
    assertEquals(await log.append(10, bytesOf("more")), { nextOffset: 10, isFull: true });
    assertEquals((await statIfPresent(`${folder}/1.log`))?.size, 10);
  }));

Deno.test("a follower gets the whole log, in order, and its end", () =>
  inTempFolder(async (folder) => {
    const log = await BuildLog.open(`${folder}/1.log`, { maxBytes: 1000 });
    await log.append(0, bytesOf("one\n"));
    const parts = log.read(0, { follow: true, signal: NEVER });
    assertEquals(decoder.decode((await parts.next()).value?.bytes), "one\n");
    const next = parts.next();
    await log.append(4, bytesOf("two\nthr"));
    assertEquals(decoder.decode((await next).value?.bytes), "two\n");
    const last = parts.next();
    await log.finish();
    assertEquals(decoder.decode((await last).value?.bytes), "thr");
    assertEquals((await parts.next()).done, true);
  }));

Deno.test("reading ends when the reader leaves, even if the log continues", () =>
  inTempFolder(async (folder) => {
    const log = await BuildLog.open(`${folder}/1.log`, { maxBytes: 1000 });
    const leaving = new AbortController();
    const parts = log.read(0, { follow: true, signal: leaving.signal });
    const next = parts.next();
    leaving.abort();
    assertEquals((await next).done, true);
  }));

Deno.test("no secret reaches the disk or a reader, wherever a log is split", async () => {
  const text =
    `+ curl -H 'Authorization: Bearer abcdefgh12345' https://me:pa55word@example.org/x\n` +
    `echo ${TOKEN} and hunter2hunter2\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAAB3Nz\naC1yc2E=\n` +
    "-----END\n?token=abcdef123\ndone\n";
  const hidden = /abcdefgh12345|pa55word|s3crets3cret|hunter2|AAAAB3Nz|aC1yc2E|abcdef123/;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(text.length), { maxLength: 6 }),
      (cuts) =>
        inTempFolder(async (folder) => {
          const options = { maxBytes: 10_000, secrets: ["hunter2hunter2"] };
          const log = await BuildLog.open(`${folder}/1.log`, options);
          const ends = [...cuts.toSorted((a, b) => a - b), text.length];
          let seen = "";
          let at = 0;
          for (const end of ends) {
            await log.append(at, bytesOf(text.slice(at, end)));
            at = end;
            seen += await textOf(log.read(seen.length, { follow: false, signal: NEVER }));
          }
          await log.finish();
          const whole = await textOf(readEndedLog(`${folder}/1.log`, 0));
          assertEquals(hidden.exec(seen)?.[0], undefined);
          assertEquals(hidden.exec(whole)?.[0], undefined);
          assertEquals(whole.length, text.length);
          assertEquals(whole.startsWith(seen), true);
          assertEquals(whole.split("\n").length, text.split("\n").length);
        }),
    ),
    { numRuns: 40 },
  );
});

Deno.test("a log without secrets is left unchanged", () => {
  const text =
    "gcc -O2 -o x x.c\nhttps://example.org/a@b\nBasic auth is not supported\nü\x00\xff\n";
  const bytes = bytesOf(text);
  assertEquals(masked(bytes, ["no"]), bytes);
});
