import { Turns } from "../../async/turns.ts";
import { fill } from "../../platform/files/fill.ts";

/** Distance of indexed lines. */
const BLOCK_LINES = 256;
const CHUNK_BYTES = 64 * 1024;
const SEARCH_CHUNK_BYTES = 1024 * 1024;
/** Maximum number of bytes shown of a line. */
const MAX_LINE_BYTES = 4096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of a log with its number, from 1. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
}

/** Finds matches in a text. */
export type LogSearch = (text: string) => Iterable<number>;

/**
 * Random access to the lines of a log: the offset of every 256th line is known. Of a line that was
 * overwritten with carriage returns, the last text counts.
 */
export class LogLines {
  readonly #file: Deno.FsFile;
  readonly #turns = new Turns();
  /** Offsets of the lines 1, 257, ... */
  readonly #starts: number[] = [0];
  /** Lines with their end. */
  #whole = 0;
  #size = 0;
  #endsWithin = false;
  /** The last results by search: a live page repeats its search. */
  readonly #found = new WeakMap<LogSearch, { key: string; lines: readonly LogLine[] }>();

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Number of lines, including an unfinished last one. */
  get count(): number {
    return this.#whole + (this.#endsWithin ? 1 : 0);
  }

  /** Indexes the bytes up to `size`, as far as the file has them. */
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

  /** At most `limit` lines, starting at line `from`. */
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
   * The first matching lines after line `after`, at most `limit`. The search ignores sequences that
   * colour text.
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
        // A line is searched as a whole unless it is very long.
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

/** Sequences that colour text on terminals. */
// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[0-9;:?]*[A-Za-z]/g;

/** Adds the matching lines of a text that begins at line `number`; returns the next number. */
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

/** Assembles a line from parts: the last text after a carriage return counts. */
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
