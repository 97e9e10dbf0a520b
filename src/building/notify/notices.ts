import { BackgroundWork } from "../../async/background_work.ts";
import type { Clock } from "../../async/clock.ts";
import { Turns } from "../../async/turns.ts";
import { Notifier } from "../../async/notifier.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Channel } from "./channels.ts";
import { digestOf, type Notice } from "./notice.ts";

const log = eventLogger("notify");

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 6 * 3_600_000;
/** A message is dropped after this many attempts, in about four days. */
const MAX_ATTEMPTS = 24;

/** A message to deliver through one channel. Times are in milliseconds since the epoch. */
interface Delivery {
  readonly channel: string;
  readonly notice: Notice;
  readonly dueAt: number;
  readonly attempts: number;
  readonly failure: string | null;
}

interface Kept {
  /** Keys of announced items that are still pending. */
  readonly told: readonly string[];
  readonly deliveries: readonly Delivery[];
  /** Time of the last successful delivery, by channel. */
  readonly deliveredAt: Readonly<Record<string, number>>;
}

export interface NoticesOptions {
  /** The file that keeps them across restarts. */
  readonly path: string;
  readonly clock: Clock;
  readonly channels: () => readonly Channel[];
  readonly schedule: () => "now" | "daily";
}

/** Delivers each message once through each channel, and retries failed deliveries. */
export class Notices {
  readonly #options: NoticesOptions;
  readonly #stopping = new AbortController();
  readonly #changes = new Notifier();
  readonly #turns = new Turns();
  readonly #background = new BackgroundWork((failure, error) =>
    log.warn(failure, { reason: reasonOf(error) })
  );
  #kept: Kept;

  private constructor(options: NoticesOptions, kept: Kept) {
    this.#options = options;
    this.#kept = kept;
  }

  /** @throws PkgstashError `storage` if the file cannot be read. */
  static async open(options: NoticesOptions): Promise<Notices> {
    const notices = new Notices(options, await readKept(options.path));
    notices.#background.add("cannot deliver messages", notices.#run());
    return notices;
  }

  /** The number of pending deliveries, and why the last one failed. */
  get standing(): { readonly waiting: number; readonly failure: string | null } {
    const { deliveries } = this.#kept;
    const failed = deliveries.findLast(({ failure }) => failure !== null);
    return {
      waiting: deliveries.length,
      failure: failed === undefined ? null : `${failed.channel}: ${failed.failure}`,
    };
  }

  /** Announces items that are new, and forgets those that are no longer pending. */
  async tell(waiting: readonly Notice[]): Promise<void> {
    const { channels, clock } = this.#options;
    const names = channels().map(({ name }) => name);
    if (names.length === 0) return;
    const told = new Set(this.#kept.told);
    const fresh = waiting.filter(({ key }) => !told.has(key));
    const isSame = fresh.length === 0 && waiting.length === told.size;
    if (isSame) return;
    const now = clock.now();
    const deliveries = fresh.flatMap((notice) =>
      names.map((channel) => ({ channel, notice, dueAt: now, attempts: 0, failure: null }))
    );
    await this.#change((kept) => ({
      ...kept,
      told: waiting.map(({ key }) => key),
      deliveries: [...kept.deliveries, ...deliveries],
    }));
    this.#changes.notify();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#changes.notify();
    await this.#background.settled();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const changed = this.#changes.next;
      await this.#deliver();
      if (signal.aborted) return;
      const next = Math.min(...this.#kept.deliveries.map((each) => this.#dueAt(each)));
      if (next === Infinity) await changed;
      else if (next > clock.now()) {
        using sleeping = new Sleep(signal);
        await Promise.race([
          changed,
          clock.sleep(next - clock.now(), sleeping.signal),
        ]);
      }
    }
  }

  async #deliver(): Promise<void> {
    const { clock, channels, schedule } = this.#options;
    for (const channel of channels()) {
      const due = this.#kept.deliveries.filter((each) =>
        each.channel === channel.name && this.#dueAt(each) <= clock.now()
      );
      const isAlone = ({ notice }: Delivery) => schedule() === "now" || notice.isUrgent;
      const batches = [
        ...due.filter(isAlone).map((each) => [each]),
        due.filter((each) => !isAlone(each)),
      ];
      for (const batch of batches) if (batch.length > 0) await this.#send(channel, batch);
    }
    // Messages for a channel that is no longer configured.
    const names = new Set<string>(channels().map(({ name }) => name));
    if (this.#kept.deliveries.some(({ channel }) => !names.has(channel))) {
      await this.#change((kept) => ({
        ...kept,
        deliveries: kept.deliveries.filter(({ channel }) => names.has(channel)),
      }));
    }
  }

  /** Digests are a day apart; a failed delivery is retried by itself. */
  #dueAt({ channel, notice, dueAt, attempts }: Delivery): number {
    if (this.#options.schedule() === "now" || notice.isUrgent || attempts > 0) return dueAt;
    return Math.max(dueAt, (this.#kept.deliveredAt[channel] ?? -Infinity) + DAY_MS);
  }

  async #send(channel: Channel, batch: readonly Delivery[]): Promise<void> {
    const { clock } = this.#options;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    let failure: string | null = null;
    try {
      await channel.send(digestOf(batch.map(({ notice }) => notice)), signal);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      failure = reasonOf(error);
    }
    const others = (kept: Kept) => kept.deliveries.filter((each) => !batch.includes(each));
    if (failure === null) {
      return await this.#change((kept) => ({
        ...kept,
        deliveries: others(kept),
        // Immediate messages do not postpone the digest.
        ...batch.every(({ notice }) => notice.isUrgent)
          ? {}
          : { deliveredAt: { ...kept.deliveredAt, [channel.name]: clock.now() } },
      }));
    }
    const again = batch.flatMap((each) => {
      const attempts = each.attempts + 1;
      const wait = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
      log.warn("cannot deliver a message", {
        channel: channel.name,
        title: each.notice.title,
        reason: failure,
        attempts,
      });
      if (attempts >= MAX_ATTEMPTS) return [];
      return [{ ...each, attempts, failure, dueAt: clock.now() + wait }];
    });
    await this.#change((kept) => ({ ...kept, deliveries: [...others(kept), ...again] }));
  }

  /** Changes run one at a time; each is on disk before it takes effect. */
  async #change(change: (kept: Kept) => Kept): Promise<void> {
    await this.#turns.run(async () => {
      const kept = change(this.#kept);
      const text = `${JSON.stringify(kept, null, 2)}\n`;
      await writeFileDurably(this.#options.path, text, { mode: 0o600 });
      this.#kept = kept;
    });
  }
}

/** A sleep that ends once nobody waits for it. */
class Sleep implements Disposable {
  readonly #ended = new AbortController();
  readonly signal: AbortSignal;

  constructor(stopping: AbortSignal) {
    this.signal = AbortSignal.any([stopping, this.#ended.signal]);
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

async function readKept(path: string): Promise<Kept> {
  try {
    const kept = JSON.parse(await Deno.readTextFile(path)) as Kept;
    if (!Array.isArray(kept.told) || !Array.isArray(kept.deliveries)) {
      throw new Error("it is not a valid list of messages");
    }
    // In older releases, all messages were about approvals.
    const older = { event: "approval_needed", isUrgent: false, url: null } as const;
    const deliveries = kept.deliveries.map((each) => ({
      ...each,
      notice: { ...older, ...each.notice },
    }));
    return { ...kept, deliveries };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { told: [], deliveries: [], deliveredAt: {} };
    }
    throw new PkgstashError(
      "storage",
      `Cannot read the messages in ${path}: ${reasonOf(error)}. Remove the file; pending items ` +
        "are then announced again.",
      { cause: error },
    );
  }
}
