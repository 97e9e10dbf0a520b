import { ambiguityOf } from "../../config/ambiguous_lines.ts";
import type { UpstreamConfig } from "../../config/config.ts";
import { mirrorUrl } from "../../config/text_values.ts";
import { reasonOf } from "../../errors.ts";
import { parseMirrorlist } from "../../formats/pacman/mirrorlist.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { isOwnAddress, type ListenAddress } from "./own_address.ts";

const log = eventLogger("mirror");

/** The state of a mirrorlist, for display. */
export interface MirrorlistState {
  readonly upstream: string;
  readonly path: string;
  /** Number of mirrors in force from the list. */
  readonly mirrors: number;
  /** When it was read, in milliseconds since the epoch; null if it never was. */
  readonly readAt: number | null;
  /** Why the present file is not in force; null if it is. */
  readonly failure: string | null;
}

/**
 * A mirrorlist that other programs write, such as reflector. The last good one stays in force while
 * the file is unreadable or has no usable mirror.
 */
export class MirrorlistFile {
  readonly #path: string;
  #upstream: UpstreamConfig;
  #listen: ListenAddress;
  #urls: readonly string[] = [];
  #readAt: number | null = null;
  #failure: string | null = null;
  /** The file's metadata when it was last read; null before. */
  #seen: string | null = null;

  constructor(upstream: UpstreamConfig, listen: ListenAddress) {
    this.#path = upstream.mirrorlist;
    this.#upstream = upstream;
    this.#listen = listen;
  }

  get path(): string {
    return this.#path;
  }

  /** The mirrors in force, in file order. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  get state(): MirrorlistState {
    return {
      upstream: this.#upstream.name,
      path: this.#path,
      mirrors: this.#urls.length,
      readAt: this.#readAt,
      failure: this.#failure,
    };
  }

  /**
   * Judges the mirrors by another configuration, and therefore reads the file again at the next
   * check.
   */
  reconfigure(upstream: UpstreamConfig, listen: ListenAddress): void {
    this.#upstream = upstream;
    this.#listen = listen;
    this.#seen = null;
  }

  /** Reads the file if it has changed. Returns whether other mirrors are in force now. */
  check(): boolean {
    try {
      // A new file has another inode; one rewritten in place has another time or size.
      const { ino, mtime, ctime, size } = Deno.statSync(this.#path);
      const seen = [ino, mtime?.getTime(), ctime?.getTime(), size].join();
      if (seen === this.#seen) return false;
      const text = Deno.readTextFileSync(this.#path);
      this.#seen = seen;
      return this.#take(text);
    } catch (error) {
      this.#seen = null;
      this.#fail(error instanceof Deno.errors.NotFound ? "no such file" : reasonOf(error));
      return false;
    }
  }

  #take(text: string): boolean {
    const { usable, skipped } = this.#judge(parseMirrorlist(text));
    if (usable.length === 0) {
      this.#fail(`it has no usable Server line${skipped === null ? "" : ` (${skipped})`}`);
      return false;
    }
    if (skipped !== null) {
      log.warn("skipped mirrors of a mirrorlist", { file: this.#path, reason: skipped });
    }
    this.#failure = null;
    this.#readAt = Date.now();
    if (usable.join() === this.#urls.join()) return false;
    this.#urls = usable;
    const { name } = this.#upstream;
    log.info("mirrorlist read", { upstream: name, file: this.#path, mirrors: usable.length });
    return true;
  }

  /** The usable mirrors, and why the first of the others is not usable. */
  #judge(urls: readonly string[]): { usable: string[]; skipped: string | null } {
    const usable: string[] = [];
    const faults: string[] = [];
    for (const url of urls) {
      const fault = this.#faultOf(url);
      if (fault !== null) faults.push(fault);
      else if (!usable.includes(url)) usable.push(url);
    }
    const [first] = faults;
    const others = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
    return { usable, skipped: first === undefined ? null : first + others };
  }

  #faultOf(url: string): string | null {
    const parsed = mirrorUrl.parse(url, "/");
    if (!parsed.ok) {
      const [fault] = parsed.faults;
      return `found ${fault?.found}, expected ${fault?.expected}`;
    }
    if (isOwnAddress(url, this.#listen)) return `${new URL(url).host} is this daemon itself`;
    const ambiguity = ambiguityOf(url, this.#upstream);
    return ambiguity === null ? null : `found ${ambiguity.found}, expected ${ambiguity.expected}`;
  }

  /** Logs once that the present file is unusable. */
  #fail(reason: string): void {
    if (reason === this.#failure) return;
    this.#failure = reason;
    const kept = this.#urls.length;
    log.error("cannot use the mirrorlist", { file: this.#path, reason, mirrors_kept: kept });
  }
}
