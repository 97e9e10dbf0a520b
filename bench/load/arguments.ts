import { parseArgs } from "@std/cli/parse-args";
import { join, resolve } from "@std/path";
import { FULL_SCALE, type Scale, SHORT_SCALE } from "./scale.ts";
import type { Scenario } from "./scenario.ts";
import { scenariosOf } from "./scenarios.ts";

/** What can be measured, in the order of a table. */
export type Choice =
  /** A checkout of pkgstash. */
  | { readonly name: string; readonly kind: "checkout"; readonly path: string }
  /** nginx in front of a checkout's cache. */
  | { readonly name: string; readonly kind: "direct"; readonly path: string }
  /** A program of this file. */
  | { readonly name: string; readonly kind: "binary" | "pacoloco" | "flexo"; readonly path: string }
  | { readonly name: string; readonly kind: "proxy_cache" | "proxy_store" | "static" };

/** A checked command line. */
export interface BenchmarkArguments {
  readonly help: boolean;
  /** In the order of the table. */
  readonly choices: readonly Choice[];
  /** The name of the subject that the ratios refer to. */
  readonly reference: string;
  /** The scenarios to run. */
  readonly scenarios: readonly Scenario[];
  readonly scale: Scale;
  /** Those that count. */
  readonly rounds: number;
  /** Whether there is a round before them that does not. */
  readonly warmsUp: boolean;
  /** How long each load of wrk lasts. */
  readonly loadSeconds: number;
  readonly logLevel: string;
  /** Whether to print JSON instead of a table. */
  readonly printsJson: boolean;
  /** Where to write table, chart and JSON; null to write nothing. */
  readonly resultsFolder: string | null;
}

/** A command line that cannot be understood; the message is for the user. */
export class UsageError extends Error {}

/** The peers that need nothing but nginx. */
const NGINX_PEERS = [
  { name: "nginx", kind: "proxy_cache" },
  { name: "nginx-store", kind: "proxy_store" },
  { name: "nginx-static", kind: "static" },
] as const;
/** The name of the checkout that the benchmark belongs to. */
const OWN = "pkgstash";
const OWN_BINARY = "pkgstash-binary";
const OWN_BEHIND_NGINX = "nginx-direct";

const LOG_LEVELS = ["debug", "info", "warning", "error"];
const SWITCHES = ["help", "json", "short"];
const VALUES = [
  "binary",
  "pacoloco",
  "flexo",
  "rounds",
  "seconds",
  "reference",
  "log-level",
  "results",
  "only",
  "without",
];

/** What `--help` prints. */
export const USAGE = `Usage: deno run --allow-all bench/throughput.ts [OPTION]... [NAME=DIR]...

Compares pkgstash with other caches in one run, on loopback, and prints each figure with its ratio
to a reference. Measured are the checkout that this file is in, as "${OWN}"; its binary
dist/pkgstash if there is one, as "${OWN_BINARY}"; nginx that serves hits from the cache of this
checkout ("${OWN_BEHIND_NGINX}", by deploy/nginx-direct.conf), as proxy_cache ("nginx"), as
proxy_store ("nginx-store") and as a server of the files themselves ("nginx-static"); each
further checkout that is given as NAME=DIR; and the peers that options name.

Options:
  --pacoloco FILE     measure this pacoloco as well
  --flexo FILE        measure this flexo as well
  --binary FILE       the binary of pkgstash; default dist/pkgstash
  --without NAME      leave out a subject; may be repeated, or be a list with commas
  --only SCENARIO     only this scenario; may be repeated, or be a list with commas
  --rounds N          rounds that count, after one to warm up; default 5
  --seconds N         duration of each load of wrk; default 2
  --short             one round of small loads: shows that all works, and measures nothing
  --reference NAME    the subject that ratios refer to; default nginx, or else the first one
  --log-level LEVEL   log level of pkgstash, which writes to a file; default info
  --results DIR       write a table, a chart and all figures there; default bench/results for a
                      run of all scenarios without further checkouts, otherwise nowhere
  --json              print the figures as JSON
  --help              print this

Scenarios: ${scenariosOf(FULL_SCALE).map(({ name }) => name).join(", ")}.

It needs nginx, wrk and pacman (Debian: nginx-light, wrk, pacman-package-manager, and fakeroot for
a plain user), and below TMPDIR about 4 GB, and 2 GB for each subject. Absolute figures depend on the machine and on what else it does: compare ratios only.`;

/**
 * Reads the command line.
 * @param ownDirectory The checkout that the benchmark belongs to.
 * @throws {UsageError} if it is wrong in any way.
 */
export function parseArguments(args: readonly string[], ownDirectory: string): BenchmarkArguments {
  const options = parseArgs(args, {
    boolean: SWITCHES,
    string: VALUES,
    collect: VALUES,
    unknown: (argument) => {
      if (!argument.startsWith("-")) return true;
      throw new UsageError(`There is no option ${argument.split("=")[0]}`);
    },
  });
  const valuesOf = (name: string) => options[name] as string[] | undefined ?? [];
  for (const name of VALUES) {
    if (valuesOf(name).includes("")) throw new UsageError(`--${name} needs a value`);
  }
  const one = (name: string) => {
    const values = valuesOf(name);
    if (values.length > 1) throw new UsageError(`--${name} is given more than once`);
    return values[0];
  };
  const program = (kind: "binary" | "pacoloco" | "flexo", name: string, fallback?: string) => {
    const path = one(kind) ?? fallback;
    return path === undefined ? [] : [{ name, kind, path: resolve(path) } satisfies Choice];
  };
  const checkouts = options._.map((argument) => checkoutOf(String(argument)));
  const binary = join(ownDirectory, "dist/pkgstash");
  const choices = chosenOf([
    { name: OWN, kind: "checkout", path: ownDirectory },
    ...program("binary", OWN_BINARY, isFile(binary) ? binary : undefined),
    { name: OWN_BEHIND_NGINX, kind: "direct", path: ownDirectory },
    ...checkouts,
    ...NGINX_PEERS,
    ...program("pacoloco", "pacoloco"),
    ...program("flexo", "flexo"),
  ], valuesOf("without").flatMap((value) => value.split(",")));
  const names = choices.map(({ name }) => name);
  const reference = one("reference") ?? (names.includes("nginx") ? "nginx" : names[0] ?? "");
  if (!names.includes(reference)) {
    throw new UsageError(`--reference takes one of ${names.join(", ")}, not "${reference}"`);
  }
  const isShort = options["short"] === true;
  const scale = isShort ? SHORT_SCALE : FULL_SCALE;
  const scenarios = wantedOf(scenariosOf(scale), valuesOf("only"));
  const isWhole = valuesOf("only").length === 0 && checkouts.length === 0 && !isShort;
  const results = one("results") ?? (isWhole ? join(ownDirectory, "bench/results") : null);
  return {
    help: options["help"] === true,
    choices,
    reference,
    scenarios,
    scale,
    warmsUp: !isShort,
    rounds: isShort ? 1 : countOf("rounds", one("rounds") ?? "5", 100),
    loadSeconds: isShort ? 1 : countOf("seconds", one("seconds") ?? "2", 60),
    logLevel: logLevelOf(one("log-level") ?? "info"),
    printsJson: options["json"] === true,
    resultsFolder: results === null ? null : resolve(results),
  };
}

/** The subjects without those that were left out; throws if a name is unknown, or not unique. */
function chosenOf(all: readonly Choice[], without: readonly string[]): readonly Choice[] {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`There are two subjects named ${twice}`);
  const unknown = without.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`--without takes one of ${names.join(", ")}, not "${unknown}"`);
  }
  const chosen = all.filter(({ name }) => !without.includes(name));
  if (chosen.length === 0) throw new UsageError("There is nothing left to measure");
  return chosen;
}

function checkoutOf(argument: string): Choice {
  const [, name, directory] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(argument) ?? [];
  if (name === undefined || directory === undefined) {
    throw new UsageError(`"${argument}" is not of the form NAME=DIR`);
  }
  return { name, kind: "checkout", path: resolve(directory) };
}

function wantedOf(all: readonly Scenario[], only: readonly string[]): readonly Scenario[] {
  const known = all.map(({ name }) => name);
  const wanted = only.flatMap((value) => value.split(","));
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no scenario "${unknown}", only ${known.join(", ")}`);
  }
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.includes(name));
}

function countOf(option: string, text: string, most: number): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (count >= 1 && count <= most) return count;
  throw new UsageError(`--${option} takes a whole number from 1 to ${most}, not "${text}"`);
}

function logLevelOf(text: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw new UsageError(`--log-level takes one of ${LOG_LEVELS.join(", ")}, not "${text}"`);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
