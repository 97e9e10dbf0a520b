import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { Redaction } from "../platform/observability/redaction.ts";
import { DAEMON } from "../version.ts";
import type { EventKind } from "./event.ts";
import type { EventLog } from "./event_log.ts";

const log = eventLogger("events");

/** Repetitions within this time become one more event at its end. */
const INTERVAL_MS = 60_000;
/** How many different deeds are distinguished within that time. */
const MAX_SUBJECTS = 200;

/** Something that the daemon did. */
export interface Deed {
  readonly kind: EventKind;
  /** An imperative, as in the audit log: "Refresh the databases". */
  readonly action: string;
  /**
   * Deeds with the same kind, action and subject are repetitions; "" if there is only one subject.
   */
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A deed that may be repeated. */
interface Recent {
  readonly endsAt: number;
  repeated: number;
  last: Deed;
}

export interface ActivityOptions {
  readonly clock?: Pick<Clock, "monotonic">;
  readonly intervalMs?: number;
}

/**
 * Records what the daemon does, without flooding: the first of several similar deeds is recorded at
 * once, and those of the next minute together. Never throws, and nobody waits for it.
 */
export class Activity {
  readonly #log: Pick<EventLog, "recordActivity">;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #intervalMs: number;
  readonly #recent = new Map<string, Recent>();
  /** The only secrets in the daemon's own texts are in addresses of mirrors. */
  readonly #redaction = new Redaction();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unrecorded = 0;
  #isClosed = false;
  /** Whether the latest event could not be written. */
  #isFailing = false;

  constructor(log: Pick<EventLog, "recordActivity">, options: ActivityOptions = {}) {
    this.#log = log;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
  }

  note(deed: Deed): void {
    if (this.#isClosed) return;
    const key = JSON.stringify([deed.kind, deed.action, deed.subject]);
    this.#writeEnded(this.#clock.monotonic());
    const recent = this.#recent.get(key);
    if (recent !== undefined) {
      recent.repeated++;
      recent.last = deed;
    } else if (this.#recent.size >= MAX_SUBJECTS) {
      this.#unrecorded++;
    } else {
      this.#recent.set(key, {
        endsAt: this.#clock.monotonic() + this.#intervalMs,
        repeated: 0,
        last: deed,
      });
      this.#write(deed);
    }
    if (this.#timer === undefined) this.#schedule();
  }

  /** Records the accumulated repetitions. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#writeEnded(Infinity);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writeEnded(this.#clock.monotonic());
      if (this.#recent.size > 0) this.#schedule();
    }, this.#intervalMs);
    Deno.unrefTimer(Number(this.#timer));
  }

  #writeEnded(now: number): void {
    for (const [key, { endsAt, repeated, last }] of this.#recent) {
      // Oldest first.
      if (endsAt > now) break;
      this.#recent.delete(key);
      if (repeated > 0) this.#write({ ...last, details: { ...last.details, times: repeated } });
    }
    if (this.#unrecorded === 0 || this.#recent.size >= MAX_SUBJECTS) return;
    const details = { times: this.#unrecorded };
    this.#unrecorded = 0;
    this.#write({ kind: "daemon", action: "Skip further events", subject: "", details });
  }

  #write({ kind, action, details }: Deed): void {
    this.#log.recordActivity({
      kind,
      who: DAEMON,
      address: "",
      action,
      request: "",
      details: this.#redaction.value("details", details) as Record<string, unknown>,
    }).then(() => {
      this.#isFailing = false;
    }, (error) => {
      // Logged once, until an event is recorded again: a disk that rejects one event rejects them
      // all.
      if (!this.#isFailing) log.warn("cannot record events", { reason: reasonOf(error) });
      this.#isFailing = true;
    });
  }
}
