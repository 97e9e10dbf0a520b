import { remembered } from "../remembered.ts";

const REDACTED = "[redacted]";

/** Properties whose values are always replaced. */
const SECRET_NAME =
  /^(?:authorization|proxy-authorization|cookie|token|password|secret|api-?key)$/i;

const isSecret = remembered((name) => SECRET_NAME.test(name));

/** Patterns of credentials in text, each with its replacement. */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) +[^\s"',;]+/gi, `$1 ${REDACTED}`],
  // API tokens are recognized by their prefix; the ID in them is not secret.
  [/(pkgstash_[0-9a-f]{12})_[A-Za-z0-9_-]+/gi, `$1_${REDACTED}`],
  [/(:\/\/)[^/?#@\s]+@/g, `$1${REDACTED}@`],
  [/([?&](?:access_)?(?:token|password|secret|api-?key)=)[^&#\s"]*/gi, `$1${REDACTED}`],
];

/**
 * Matches every text that contains a credential, and few others: most texts need only this check.
 */
const SUSPICIOUS = /bearer|basic|pkgstash_|:\/\/|[?&]/i;

/** Keeps secrets out of the log: the given ones, and everything that looks like a credential. */
export class Redaction {
  /** Returns the text with its secrets replaced. */
  readonly text: (text: string) => string;
  readonly #secrets: readonly string[];

  /** `secrets` are replaced wherever they occur, even percent-encoded. */
  constructor(secrets: readonly string[] = []) {
    this.#secrets = [...new Set(secrets.flatMap((text) => [text, encodeURIComponent(text)]))]
      .filter((text) => text !== "")
      // A secret that contains another one must be replaced before it.
      .sort((a, b) => b.length - a.length);
    this.text = remembered((text) => this.#redacted(text));
  }

  #redacted(text: string): string {
    for (const secret of this.#secrets) text = text.replaceAll(secret, REDACTED);
    if (!SUSPICIOUS.test(text)) return text;
    for (const [pattern, replacement] of CREDENTIALS) text = text.replace(pattern, replacement);
    return text;
  }

  /** Returns a property's value as plain JSON with its secrets replaced. */
  value(name: string, value: unknown): unknown {
    if (isSecret(name) && value !== undefined && value !== null) return REDACTED;
    if (typeof value === "string") return this.text(value);
    return this.#plain(value, []);
  }

  #plain(value: unknown, within: readonly unknown[]): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (typeof value === "bigint" || typeof value === "symbol") return this.text(String(value));
    if (typeof value === "function") return "[function]";
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Error) return this.text(`${value.name}: ${value.message}`);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof URL) return this.text(value.href);
    if (within.includes(value) || within.length > 4) return "[...]";
    const inner = [...within, value];
    if (Array.isArray(value)) return value.map((item) => this.#plain(item, inner));
    if (value instanceof Headers) value = Object.fromEntries(value);
    return Object.fromEntries(
      Object.entries(value as object).map(([name, item]) => [
        name,
        isSecret(name) ? REDACTED : this.#plain(item, inner),
      ]),
    );
  }
}
