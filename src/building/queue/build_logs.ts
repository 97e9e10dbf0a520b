import type { Attempt, Build } from "./build.ts";
import { removeIfPresent } from "../../platform/files/durable.ts";
import { BuildLog, compressLog, type LogEnd, type LogPart, readEndedLog } from "./build_log.ts";
import { LogLines } from "./log_lines.ts";
import type { QueueLayout } from "./queue_layout.ts";

/** Names of variables whose values are secret. */
const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE/i;

/** Number of logs with indexed lines: each needs as much disk as its log, and an open file. */
const MOST_INDEXED = 4;

/** The logs of all builds; those of running attempts are open. */
export class BuildLogs {
  readonly #layout: QueueLayout;
  readonly #maxBytes: () => number;
  readonly #open = new Map<string, Promise<BuildLog>>();
  /** By the path of the log; the most recently used at the end. */
  readonly #indexed = new Map<string, Promise<LogLines | null>>();

  constructor(layout: QueueLayout, maxBytes: () => number) {
    this.#layout = layout;
    this.#maxBytes = maxBytes;
  }

  /** Appends to the log of a running attempt; see `BuildLog.append`. */
  async append(build: Build, attempt: Attempt, offset: number, bytes: Uint8Array): Promise<LogEnd> {
    return await (await this.#running(build, attempt)).append(offset, bytes);
  }

  /** The parts of an attempt's log from `offset` on; see `BuildLog.read`. */
  async *read(
    build: Build,
    attempt: Attempt,
    { offset, follow, signal }: { offset: number; follow: boolean; signal: AbortSignal },
  ): AsyncGenerator<LogPart> {
    if (attempt.endedAt === null) {
      yield* (await this.#running(build, attempt)).read(offset, { follow, signal });
    } else yield* readEndedLog(this.#layout.log(build.number, attempt.number), offset);
  }

  /** The lines that an attempt's log has so far. */
  async linesOf(build: Build, attempt: Attempt): Promise<LogLines | null> {
    const path = this.#layout.log(build.number, attempt.number);
    const log = attempt.endedAt === null ? await this.#running(build, attempt) : null;
    const opening = this.#indexed.get(path) ?? this.#index(path, log !== null);
    this.#indexed.delete(path);
    this.#indexed.set(path, opening);
    for (const [other, lines] of this.#indexed) {
      if (this.#indexed.size <= MOST_INDEXED) break;
      this.#indexed.delete(other);
      void lines.then((lines) => lines?.close());
    }
    let lines: LogLines | null = null;
    try {
      lines = await opening;
    } finally {
      // It may exist next time.
      if (lines === null) this.#indexed.delete(path);
    }
    await lines?.extend(log?.readable ?? Infinity);
    return lines;
  }

  /** Closes the files of indexed logs. */
  async stop(): Promise<void> {
    const all = [...this.#indexed.values()];
    this.#indexed.clear();
    for (const opening of all) await opening.then((lines) => lines?.close(), () => {});
  }

  /** Compresses the log of an attempt that has ended. */
  async finish({ number }: Build, attempt: Attempt): Promise<void> {
    const open = this.#open.get(attempt.job);
    this.#open.delete(attempt.job);
    if (open === undefined) await compressLog(this.#layout.log(number, attempt.number));
    else await (await open).finish();
  }

  /**
   * The log of a running attempt is read in place; the open file stays readable after the attempt ends.
   * A log that has already ended is read from an unlinked copy, so that nothing is left behind.
   */
  async #index(path: string, isRunning: boolean): Promise<LogLines | null> {
    if (isRunning) {
      try {
        return new LogLines(await Deno.open(path));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    }
    const copy = `${path}.lines`;
    const file = await Deno.open(copy, {
      ...{ read: true, write: true, create: true, truncate: true, mode: 0o600 },
    });
    try {
      await removeIfPresent(copy);
      for await (const { bytes } of readEndedLog(path, 0)) {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      }
      return new LogLines(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #running(build: Build, attempt: Attempt): Promise<BuildLog> {
    const known = this.#open.get(attempt.job);
    if (known !== undefined) return known;
    const secrets = Object.entries(build.settings.environment)
      .filter(([name]) => SECRET_NAME.test(name))
      .map(([, value]) => value);
    const opening = BuildLog.open(this.#layout.log(build.number, attempt.number), {
      maxBytes: this.#maxBytes(),
      secrets,
    });
    this.#open.set(attempt.job, opening);
    opening.catch(() => this.#open.delete(attempt.job));
    return opening;
  }
}
