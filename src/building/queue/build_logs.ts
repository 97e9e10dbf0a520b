import type { Attempt, Build } from "./build.ts";
import { BuildLog, compressLog, type LogEnd, type LogPart, readEndedLog } from "./build_log.ts";
import type { QueueLayout } from "./queue_layout.ts";

/** Names of variables whose values nobody should read. */
const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE/i;

/** The logs of all builds: those of attempts that go on are held open. */
export class BuildLogs {
  readonly #layout: QueueLayout;
  readonly #maxBytes: () => number;
  readonly #open = new Map<string, Promise<BuildLog>>();

  constructor(layout: QueueLayout, maxBytes: () => number) {
    this.#layout = layout;
    this.#maxBytes = maxBytes;
  }

  /** Appends to the log of an attempt that goes on; see `BuildLog.append`. */
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

  /** Compresses the log of an attempt that has ended. */
  async finish({ number }: Build, attempt: Attempt): Promise<void> {
    const open = this.#open.get(attempt.job);
    this.#open.delete(attempt.job);
    if (open === undefined) await compressLog(this.#layout.log(number, attempt.number));
    else await (await open).finish();
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
