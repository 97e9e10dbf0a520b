import { Turns } from "../../async/turns.ts";
import { fill } from "../../platform/files/fill.ts";

/** Lines between two that the index knows. */
const BLOCK_LINES = 256;
const CHUNK_BYTES = 64 * 1024;
const SEARCH_CHUNK_BYTES = 1024 * 1024;
/** Bytes of a line that are shown. */
const MAX_LINE_BYTES = 4096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of a log, with its number from 1 on. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
}

/** Where something is found in a text. */
export type LogSearch = (text: string) => Iterable<number>;

/**
 * The lines of a log, any of which is read without those before it: it is known where every 256th
 * begins. Of a line that was written over with carriage returns, the last text counts.
 */
export class LogLines {
  readonly #file: Deno.FsFile;
  readonly #turns = new Turns();
  /** Where the lines 1, 257, ... begin. */
  readonly #starts: number[] = [0];
  /** Lines with their end. */
  #whole = 0;
  #size = 0;
  #endsWithin = false;
  /** What was found last, by what was searched: a page that is kept current asks again and again. */
  readonly #found = new WeakMap<LogSearch, { key: string; lines: readonly LogLine[] }>();

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** How many there are, with one that may not be at its end. */
  get count(): number {
    return this.#whole + (this.#endsWithin ? 1 : 0);
  }

  /** Takes notice of bytes up to `size`, as far as there are any. */
  async extend(size: number): Promise<void> {
    await this.#turns.run(async () => {
      const end = Math.min(size, (await this.#file.stat()).size);
      // Every open page asks twice a second, mostly for nothing or a few lines.
      const chunk = new Uint8Array(Math.min(SEARCH_CHUNK_BYTES, Math.max(0, end - this.#size)));
      while (this.#size < end) {
        const wanted = chunk.subarray(0, Math.min(chunk.length, end - this.#size));
        const read = await this.#read(this.#size, wanted);
        if (read.length === 0) return;
        this.#take(read);
      }
    });
  }

  /** At most `limit` lines from the line `from` on. */
  async read(from: number, limit: number): Promise<LogLine[]> {
    return await this.#turns.run(async () => {
      const block = Math.floor((from - 1) / BLOCK_LINES);
      let offset = this.#starts[block];
      if (offset === undefined) return [];
      const lines: LogLine[] = [];
      const line = new LineText();
      let number = block * BLOCK_LINES + 1;
      const chunk = new Uint8Array(CHUNK_BYTES);
      while (lines.length < limit && offset < this.#size) {
        const wanted = chunk.subarray(0, Math.min(chunk.length, this.#size - offset));
        const read = await this.#read(offset, wanted);
        if (read.length === 0) break;
        offset += read.length;
        for (let at = 0; at < read.length && lines.length < limit;) {
          const end = read.indexOf(LINE_FEED, at);
          const until = end < 0 ? read.length : end;
          if (number >= from) line.append(read.subarray(at, until));
          at = until + 1;
          if (end < 0) continue;
          if (number >= from) lines.push({ number, text: line.take() });
          number++;
        }
      }
      const isLast = this.#endsWithin && number === this.count && number >= from;
      if (isLast && lines.length < limit) lines.push({ number, text: line.take() });
      return lines;
    });
  }

  /**
   * The first lines after the line `after` that match, at most `limit`. What colours a terminal is no
   * part of the text that is searched.
   */
  async search(
    matches: LogSearch,
    { after, limit }: { after: number; limit: number },
  ): Promise<readonly LogLine[]> {
    return await this.#turns.run(async () => {
      const key = `${this.#size} ${after} ${limit}`;
      const known = this.#found.get(matches);
      if (known?.key === key) return known.lines;
      const found: LogLine[] = [];
      const chunk = new Uint8Array(SEARCH_CHUNK_BYTES);
      const decoder = new TextDecoder();
      let number = 1;
      let rest = "";
      for (let offset = 0; offset < this.#size && found.length < limit;) {
        const wanted = chunk.subarray(0, Math.min(chunk.length, this.#size - offset));
        const read = await this.#read(offset, wanted);
        if (read.length === 0) break;
        offset += read.length;
        const isEnd = offset >= this.#size;
        const text = rest + decoder.decode(read, { stream: !isEnd });
        // A line is searched as a whole, unless it is longer than anybody reads.
        const cut = isEnd ? text.length : text.lastIndexOf("\n") + 1 || text.length;
        rest = text.slice(cut);
        const searched = text.slice(0, cut).replace(COLOURS, "");
        number = linesIn(searched, { matches, number, after, limit, found });
      }
      this.#found.set(matches, { key, lines: found });
      return found;
    });
  }

  async close(): Promise<void> {
    await this.#turns.run(() => {
      this.#file.close();
      return Promise.resolve();
    });
  }

  async #read(offset: number, into: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    await this.#file.seek(offset, Deno.SeekMode.Start);
    return into.subarray(0, await fill(this.#file, into));
  }

  #take(bytes: Uint8Array): void {
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
      this.#whole++;
      if (this.#whole % BLOCK_LINES === 0) this.#starts.push(this.#size + at + 1);
    }
    this.#size += bytes.length;
    this.#endsWithin = bytes[bytes.length - 1] !== LINE_FEED;
  }
}

/** What a program writes to colour a terminal. */
// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[0-9;:?]*[A-Za-z]/g;

/** Adds the matching lines of a text that begins with the line `number`; returns the next number. */
function linesIn(
  text: string,
  { matches, number, after, limit, found }: {
    matches: LogSearch;
    number: number;
    after: number;
    limit: number;
    found: LogLine[];
  },
): number {
  let at = 0;
  for (const index of matches(text)) {
    if (index < at) continue;
    for (let end = text.indexOf("\n", at); end >= 0 && end < index; end = text.indexOf("\n", at)) {
      number++;
      at = end + 1;
    }
    const end = text.indexOf("\n", index);
    const line = lastPart(text.slice(at, end < 0 ? undefined : end));
    const isShown = [...matches(line)].length > 0;
    if (number > after && isShown) found.push({ number, text: line.slice(0, MAX_LINE_BYTES) });
    if (found.length >= limit || end < 0) return number;
    number++;
    at = end + 1;
  }
  for (let end = text.indexOf("\n", at); end >= 0; end = text.indexOf("\n", end + 1)) number++;
  return number;
}

function lastPart(line: string): string {
  return line.split("\r").findLast((part) => part !== "") ?? "";
}

/** The text of a line that comes in parts: the last text that was written over the others. */
class LineText {
  readonly #bytes = new Uint8Array(MAX_LINE_BYTES);
  #length = 0;
  #more = 0;
  #isWrittenOver = false;

  append(bytes: Uint8Array): void {
    for (let at = 0; at <= bytes.length;) {
      const next = bytes.indexOf(CARRIAGE_RETURN, at);
      const part = bytes.subarray(at, next < 0 ? bytes.length : next);
      if (part.length > 0) this.#add(part);
      if (next < 0) return;
      this.#isWrittenOver = true;
      at = next + 1;
    }
  }

  take(): string {
    const text = new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
    const more = this.#more;
    [this.#length, this.#more, this.#isWrittenOver] = [0, 0, false];
    return more === 0 ? text : `${text} [${more} more bytes]`;
  }

  #add(part: Uint8Array): void {
    if (this.#isWrittenOver) [this.#length, this.#more, this.#isWrittenOver] = [0, 0, false];
    const kept = part.subarray(0, MAX_LINE_BYTES - this.#length);
    this.#bytes.set(kept, this.#length);
    this.#length += kept.length;
    this.#more += part.length - kept.length;
  }
}
