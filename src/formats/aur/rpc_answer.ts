import { PkgstashError } from "../../errors.ts";

/** What the AUR says about one package. Relations carry their condition: `foo>=1:2`. */
export interface AurPackage {
  /** The package's name. */
  readonly name: string;
  /** The package base from which it is built. */
  readonly base: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** One line, or null. */
  readonly description: string | null;
  /** The upstream's page, or null. */
  readonly url: string | null;
  /** Null for an orphan. */
  readonly maintainer: string | null;
  /** Co-maintainers, who may push too, sorted. */
  readonly coMaintainers: readonly string[];
  /** Who submitted the package base; null if that account is gone. */
  readonly submitter: string | null;
  /** When it was submitted, in milliseconds since the epoch. */
  readonly firstSubmitted: number;
  /** The last push of any change, in milliseconds since the epoch. */
  readonly lastModified: number;
  /** When somebody flagged it out of date, in milliseconds since the epoch; null if nobody did. */
  readonly outOfDate: number | null;
  /** How many users voted for it. */
  readonly votes: number;
  /** Votes that decay with time. */
  readonly popularity: number;
  /** Needed to run; includes those of single architectures, here and below. */
  readonly depends: readonly string[];
  /** Needed to build. */
  readonly makeDepends: readonly string[];
  /** Needed to test. */
  readonly checkDepends: readonly string[];
  /** What it provides besides its name. */
  readonly provides: readonly string[];
  /** What pacman offers to replace with it. */
  readonly replaces: readonly string[];
}

/** Letters, digits and `@._+-`, as in makepkg; no path is made from anything else. */
const NAME = /^[a-z0-9@_+][a-z0-9@._+-]{0,254}$/i;

/** Whether a text can be the name of a package or package base, and a path segment. */
export function isAurName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Reads a response of the AUR's RPC, version 5, to a request for information. Unknown names are
 * missing from it, and its order differs from the request's.
 *
 * Source: aurweb's `aurweb/rpc.py`.
 * @throws {PkgstashError} of kind "upstream" with the AUR's own words if it reports an error,
 * usually with HTTP 200, and of kind "content" if the text is not such a response. Neither means
 * that a package is gone.
 */
export function readInfoAnswer(text: string): AurPackage[] {
  const envelope = envelopeOf(text);
  if (envelope["type"] === "error") {
    const said = envelope["error"];
    throw new PkgstashError(
      "upstream",
      `The AUR reports an error: ${typeof said === "string" ? said.slice(0, 200) : "unnamed"}.`,
    );
  }
  const { results } = envelope;
  if (envelope["version"] !== 5) throw malformed("its version is not 5");
  if (envelope["type"] !== "multiinfo") throw malformed('its type is not "multiinfo"');
  if (!Array.isArray(results)) throw malformed("it has no results");
  if (envelope["resultcount"] !== results.length) throw malformed("it lacks some results");
  return results.map(packageOf);
}

/**
 * The names in a response to a search.
 *
 * @throws {PkgstashError} like `readInfoAnswer`.
 */
export function readSearchAnswer(text: string): string[] {
  const envelope = envelopeOf(text);
  const { results } = envelope;
  if (envelope["type"] === "error") {
    throw new PkgstashError("upstream", `The AUR reports an error: ${String(envelope["error"])}.`);
  }
  if (envelope["type"] !== "search" || !Array.isArray(results)) {
    throw malformed('its type is not "search"');
  }
  return results.map((each) => nameIn(objectOf(each), "Name"));
}

function envelopeOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("it is not JSON");
  }
  return objectOf(value);
}

function packageOf(value: unknown): AurPackage {
  const fields = objectOf(value);
  const name = nameIn(fields, "Name");
  const time = (key: string) => numberIn(fields, key) * 1000;
  const list = (key: string) => listIn(fields, key);
  return {
    name,
    base: nameIn(fields, "PackageBase"),
    version: textIn(fields, "Version") ?? "",
    description: textIn(fields, "Description"),
    url: textIn(fields, "URL"),
    maintainer: textIn(fields, "Maintainer"),
    coMaintainers: list("CoMaintainers").toSorted(),
    submitter: textIn(fields, "Submitter"),
    firstSubmitted: time("FirstSubmitted"),
    lastModified: time("LastModified"),
    outOfDate: (fields["OutOfDate"] ?? null) === null ? null : time("OutOfDate"),
    votes: numberIn(fields, "NumVotes"),
    popularity: numberIn(fields, "Popularity"),
    depends: list("Depends"),
    makeDepends: list("MakeDepends"),
    checkDepends: list("CheckDepends"),
    provides: list("Provides"),
    replaces: list("Replaces"),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed("something in it is not an object");
}

function nameIn(fields: Record<string, unknown>, key: string): string {
  const value = fields[key];
  if (typeof value === "string" && isAurName(value)) return value;
  throw malformed(`its ${key} is not a name`);
}

function textIn(fields: Record<string, unknown>, key: string): string | null {
  const value = fields[key] ?? null;
  if (value === null || typeof value === "string") return value;
  throw malformed(`its ${key} is not a text`);
}

function numberIn(fields: Record<string, unknown>, key: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw malformed(`its ${key} is not a number`);
}

function listIn(fields: Record<string, unknown>, key: string): string[] {
  const value = fields[key] ?? [];
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw malformed(`its ${key} is not a list of texts`);
}

function malformed(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot read the response of the AUR: ${fault}.`);
}
