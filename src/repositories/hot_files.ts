import { BackgroundWork } from "../async/background_work.ts";
import { onFileChange } from "../platform/files/file_changes.ts";
import { HotFile } from "./hot_file.ts";
import type { RepositoryFile } from "./repository.ts";
import { type FoundFile, sendFile, type SentFile } from "./send_file.ts";
import { fill } from "../platform/files/fill.ts";

/** The bytes of all files in memory together. */
const MAX_BYTES = 32 * 1024 ** 2;
/** Of one file; larger ones are sent from disk. The largest database has about as many. */
const MAX_FILE_BYTES = 8 * 1024 ** 2;
/** How often a file is looked at on disk, where something else than this daemon may change it. */
export const LOOK_INTERVAL_MS = 1_000;
/** A file is known by several URLs only if this server has several names. */
const MAX_URLS = 8;
const MAX_URL_LENGTH = 512;

/**
 * Files that are asked for often, held in memory within a bound of bytes. They are found by the URL
 * as it came, so that it is parsed once. Small ones are taken when they are sent for the first time,
 * larger ones when they are sent again, and those that were not asked for the longest give way.
 */
export class HotFiles implements AsyncDisposable {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #byUrl = new Map<string, HotFile>();
  /** By their paths on disk, what was not asked for the longest first. */
  readonly #byPath = new Map<string, HotFile>();
  readonly #listening: Disposable;
  // A file that cannot be read now is read when it is sent.
  readonly #reading = new BackgroundWork(() => {});
  #bytes = 0;
  /** How many files have changed on disk. */
  #changes = 0;

  /** `now` returns the milliseconds of a clock that never goes back. */
  constructor(maxBytes: number = MAX_BYTES, now: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#listening = onFileChange((path) => {
      this.#changes++;
      // A signature is only sent beside what it was made for.
      for (const changed of [path, `${path}.sig`]) {
        const hot = this.#byPath.get(changed);
        if (hot !== undefined) this.#drop(hot);
      }
    });
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The file that this URL was answered with, as long as it is the one on disk; null if unknown.
   * `now` is the time of the request.
   */
  at(url: string, now: number = this.#now()): HotFile | null {
    const hot = this.#byUrl.get(url);
    return hot !== undefined && this.#isCurrent(hot, now) ? hot : null;
  }

  /** As `sendFile`, of a file that is sent to all who ask for this URL as long as it is the same. */
  async send(request: Request, file: RepositoryFile, sent: SentFile): Promise<Response | null> {
    const changes = this.#changes;
    return await sendFile(request, sent, (found) => {
      // The file that was opened may have been replaced or removed meanwhile.
      if (changes !== this.#changes || sent.status !== "HIT") return;
      this.#remember(request.url, { file, path: sent.path, found });
    });
  }

  /** As `send`, from memory if the file is there: for those who decide for each request what to send. */
  async sendOrRecall(
    request: Request,
    file: RepositoryFile,
    sent: SentFile,
  ): Promise<Response | null> {
    return this.#recall(request, file, sent) ?? await this.send(request, file, sent);
  }

  /** Forgets all files. */
  clear(): void {
    this.#byUrl.clear();
    this.#byPath.clear();
    this.#bytes = 0;
    this.#changes++;
  }

  /** Resolves when no file is being read. */
  async settled(): Promise<void> {
    await this.#reading.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    await this.settled();
    this.clear();
  }

  /** What `sendFile` would send, if it is in memory; the headers are the caller's to change. */
  #recall(
    request: Request,
    { fileName }: RepositoryFile,
    { path, status, expectedSize = null }: SentFile,
  ): Response | null {
    const hot = this.#byPath.get(path);
    if (hot === undefined || status !== "HIT" || hot.file.fileName !== fileName) return null;
    if (expectedSize !== null && hot.size !== expectedSize) return null;
    if (!this.#isCurrent(hot, this.#now())) return null;
    const response = hot.respond(request);
    if (response === null) return null;
    // Without a body, it is shared.
    if (request.method === "HEAD" || response.status !== 200) return response.clone();
    response.headers.set("content-length", String(hot.size));
    return response;
  }

  /** Whether a file is still the one on disk, as far as is known; drops it otherwise. */
  #isCurrent(hot: HotFile, now: number): boolean {
    if (now - hot.seenAt >= LOOK_INTERVAL_MS) {
      if (!isOnDisk(hot)) {
        this.#drop(hot);
        return false;
      }
      hot.seenAt = now;
    }
    this.#byPath.delete(hot.path);
    this.#byPath.set(hot.path, hot);
    return true;
  }

  #remember(
    url: string,
    { file, path, found }: { file: RepositoryFile; path: string; found: FoundFile },
  ): void {
    // A query means nothing, so there could be any number of URLs.
    if (url.length > MAX_URL_LENGTH || /[?#]/.test(url)) return;
    const { info, representation, bytes, isSent } = found;
    let hot = this.#byPath.get(path);
    if (hot === undefined || !hot.isAt(info)) {
      if (hot !== undefined) this.#drop(hot);
      hot = new HotFile({ file, path, info, representation, seenAt: this.#now() });
    }
    // Another name of a database has headers of its own.
    if (hot.file.fileName !== file.fileName) return;
    this.#update(hot, () => bytes !== null && hot.hold(bytes));
    if (this.#byUrl.get(url) !== hot && this.#byPath.has(path)) {
      this.#byUrl.set(url, hot);
      hot.urls.push(url);
      if (hot.urls.length > MAX_URLS) this.#forgetUrl(hot.urls.shift() ?? "", hot);
    }
    // One client that takes many files once must not cost a second look at each.
    if (isSent && bytes === null && ++hot.sentFromDisk === 2) this.#read(hot);
  }

  #read(hot: HotFile): void {
    if (hot.size > Math.min(MAX_FILE_BYTES, this.#maxBytes)) return;
    this.#reading.add(
      "cannot read a file",
      contentOf(hot).then((content) => {
        if (content === null || this.#byPath.get(hot.path) !== hot) return;
        this.#update(hot, () => hot.hold(content));
      }),
    );
  }

  /** Changes what a file takes of the memory, and makes room for it. */
  #update(hot: HotFile, change: () => void): void {
    if (this.#byPath.delete(hot.path)) this.#bytes -= hot.memory;
    change();
    this.#byPath.set(hot.path, hot);
    this.#bytes += hot.memory;
    for (const coldest of this.#byPath.values()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(coldest);
    }
  }

  #drop(hot: HotFile): void {
    if (this.#byPath.get(hot.path) !== hot) return;
    this.#byPath.delete(hot.path);
    this.#bytes -= hot.memory;
    for (const url of hot.urls) this.#forgetUrl(url, hot);
  }

  #forgetUrl(url: string, hot: HotFile): void {
    // A database has another path with each generation.
    if (this.#byUrl.get(url) === hot) this.#byUrl.delete(url);
  }
}

function isOnDisk(hot: HotFile): boolean {
  try {
    const info = Deno.statSync(hot.path);
    return info.isFile && hot.isAt(info);
  } catch {
    return false;
  }
}

/** The whole content; null if it is no longer that of this file. */
async function contentOf(hot: HotFile): Promise<Uint8Array<ArrayBuffer> | null> {
  using opened = await Deno.open(hot.path);
  if (!hot.isAt(await opened.stat())) return null;
  const bytes = new Uint8Array(hot.size);
  return await fill(opened, bytes) < bytes.length ? null : bytes;
}
