import { BackgroundWork } from "../async/background_work.ts";
import { onFileChange } from "../platform/files/file_changes.ts";
import { HotFile } from "./hot_file.ts";
import type { RepositoryFile } from "./repository.ts";
import { type FoundFile, sendFile, type SentFile } from "./send_file.ts";
import { fill } from "../platform/files/fill.ts";

/** Total size of the files in memory, in bytes. */
const MAX_BYTES = 32 * 1024 ** 2;
/**
 * Maximum size of one file; larger ones are sent from disk. The largest database has about this
 * size.
 */
const MAX_FILE_BYTES = 8 * 1024 ** 2;
/** How often to check a file on disk, where others than this daemon may change it. */
export const LOOK_INTERVAL_MS = 1_000;
/** A file has several URLs only if this server has several names. */
const MAX_URLS = 8;
const MAX_URL_LENGTH = 512;

/**
 * Frequently requested files, held in a bounded amount of memory. They are found by their raw URL,
 * so that each URL is parsed once. Small files are taken the first time they are sent, larger ones
 * the second time; the least recently requested ones are evicted.
 */
export class HotFiles implements AsyncDisposable {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #byUrl = new Map<string, HotFile>();
  /** By path on disk, least recently requested first. */
  readonly #byPath = new Map<string, HotFile>();
  readonly #listening: Disposable;
  // A file that cannot be read now is read when it is sent.
  readonly #reading = new BackgroundWork(() => {});
  #bytes = 0;
  /** How many files have changed on disk. */
  #changes = 0;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(maxBytes: number = MAX_BYTES, now: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#listening = onFileChange((path) => {
      this.#changes++;
      // A signature is sent only together with what it signs.
      for (const changed of [path, `${path}.sig`]) {
        const hot = this.#byPath.get(changed);
        if (hot !== undefined) this.#drop(hot);
      }
    });
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The file with which this URL was answered, while it is the one on disk; null if unknown. `now`
   * is the time of the request.
   */
  at(url: string, now: number = this.#now()): HotFile | null {
    const hot = this.#byUrl.get(url);
    return hot !== undefined && this.#isCurrent(hot, now) ? hot : null;
  }

  /** Like `sendFile`, for a file that everyone who requests this URL gets until it changes. */
  async send(request: Request, file: RepositoryFile, sent: SentFile): Promise<Response | null> {
    const changes = this.#changes;
    return await sendFile(request, sent, (found) => {
      // The opened file may have been replaced or removed meanwhile.
      if (changes !== this.#changes || sent.status !== "HIT") return;
      this.#remember(request.url, { file, path: sent.path, found });
    });
  }

  /** Like `send`, from memory if possible: for callers that choose the file per request. */
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

  /** What `sendFile` would send, if it is in memory; the caller may change the headers. */
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
    // Without a body, so it is shared.
    if (request.method === "HEAD" || response.status !== 200) return response.clone();
    response.headers.set("content-length", String(hot.size));
    return response;
  }

  /** Whether a file is still the one on disk, as far as known; drops it otherwise. */
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
    // A query has no meaning, so there could be any number of URLs.
    if (url.length > MAX_URL_LENGTH || /[?#]/.test(url)) return;
    const { info, representation, bytes, isSent } = found;
    let hot = this.#byPath.get(path);
    if (hot === undefined || !hot.isAt(info)) {
      if (hot !== undefined) this.#drop(hot);
      hot = new HotFile({ file, path, info, representation, seenAt: this.#now() });
    }
    // Another name of a database gets headers of its own.
    if (hot.file.fileName !== file.fileName) return;
    this.#update(hot, () => bytes !== null && hot.hold(bytes));
    if (this.#byUrl.get(url) !== hot && this.#byPath.has(path)) {
      this.#byUrl.set(url, hot);
      hot.urls.push(url);
      if (hot.urls.length > MAX_URLS) this.#forgetUrl(hot.urls.shift() ?? "", hot);
    }
    // A client that takes many files once must not cost a second check of each.
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

  /** Changes a file's memory use, and evicts others if necessary. */
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
    // A database has a different path in each generation.
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

/** The whole content; null if it no longer belongs to this file. */
async function contentOf(hot: HotFile): Promise<Uint8Array<ArrayBuffer> | null> {
  using opened = await Deno.open(hot.path);
  if (!hot.isAt(await opened.stat())) return null;
  const bytes = new Uint8Array(hot.size);
  return await fill(opened, bytes) < bytes.length ? null : bytes;
}
