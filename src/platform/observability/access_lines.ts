import type { LineFormat } from "./log_line.ts";
import type { Redaction } from "./redaction.ts";

const RECORD = {
  category: ["pkgstash", "access"],
  level: "info",
  message: ["request"],
  rawMessage: "request",
} as const;

/** Some properties of a request. */
export type AccessProperties = Readonly<Record<string, unknown>>;

/**
 * Formats lines of requests. Requests for the same file differ in few properties; those that they
 * share are formatted once, if they come in the same frozen object.
 */
export class AccessLines {
  readonly #format: LineFormat;
  readonly #redaction: Redaction;
  readonly #common = new WeakMap<AccessProperties, string>();
  #head = { timestamp: NaN, text: "" };

  constructor(format: LineFormat, redaction: Redaction) {
    this.#format = format;
    this.#redaction = redaction;
  }

  /** The line of a request at `timestamp`, with the properties of all groups in their order. */
  line(timestamp: number, groups: readonly AccessProperties[]): string {
    let line = this.#headAt(timestamp);
    for (const group of groups) line += this.#textOf(group);
    return line + this.#format.end;
  }

  #textOf(group: AccessProperties): string {
    const known = this.#common.get(group);
    if (known !== undefined) return known;
    const text = this.#format.fields(group, this.#redaction);
    if (Object.isFrozen(group)) this.#common.set(group, text);
    return text;
  }

  /** Many requests share a millisecond. */
  #headAt(timestamp: number): string {
    if (this.#head.timestamp !== timestamp) {
      const record = { ...RECORD, timestamp, properties: {} };
      this.#head = { timestamp, text: this.#format.head(record, this.#redaction) };
    }
    return this.#head.text;
  }
}
