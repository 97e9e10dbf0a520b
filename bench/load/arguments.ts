import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "@std/path";
import { SCENARIOS } from "./scenarios.ts";

/** A checkout of pkgstash to be measured. */
export interface Checkout {
  readonly name: string;
  readonly directory: string;
}

/** A checked command line. */
export interface BenchmarkArguments {
  readonly help: boolean;
  /** In the order of the table. */
  readonly checkouts: readonly Checkout[];
  readonly withNginx: boolean;
  /** The name of the subject that the ratios refer to. */
  readonly reference: string;
  /** Names of the scenarios to run. */
  readonly scenarios: readonly string[];
  readonly rounds: number;
  /** How long each load of wrk lasts. */
  readonly loadSeconds: number;
  readonly logLevel: string;
  readonly jsonPath: string | null;
}

/** A command line that cannot be understood; the message is for the user. */
export class UsageError extends Error {}

/** The name of the peer in tables and options. */
export const NGINX = "nginx";
/** The name of the checkout that the benchmark belongs to. */
export const OWN = "pkgstash";

const LOG_LEVELS = ["debug", "info", "warning", "error"];
const VALUES = ["rounds", "seconds", "reference", "log-level", "json", "only", "without"];

/** What `--help` prints. */
export const USAGE = `Usage: deno run --allow-all bench/throughput.ts [OPTION]... [NAME=DIR]...

Compares checkouts of pkgstash and nginx with proxy_cache in one run, on loopback, and prints each
figure with its ratio to a reference. Measured are the checkout that this file is in, as "${OWN}",
nginx, and each further checkout that is given as NAME=DIR.

Options:
  --rounds N          rounds that count, after one to warm up; default 5
  --seconds N         duration of each load of wrk; default 2
  --only SCENARIO     only this scenario; may be repeated, or be a list with commas
  --without NAME      leave out a subject: ${NGINX} or ${OWN}; may be repeated
  --reference NAME    the subject that ratios refer to; default ${NGINX}, or else the first one
  --log-level LEVEL   log level of pkgstash, which writes to a file; default info
  --json FILE         write all figures of all rounds there, too
  --help              print this

Scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}.

It needs nginx and wrk (Debian: nginx-light, wrk). Misses take about 500 MB below TMPDIR for each
subject. Absolute figures depend on the machine and on what else it does: compare ratios only.`;

/**
 * Reads the command line.
 * @throws {UsageError} if it is wrong in any way.
 */
export function parseArguments(args: readonly string[], ownDirectory: string): BenchmarkArguments {
  const options = parseArgs(args, {
    boolean: ["help"],
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
  const without = new Set(valuesOf("without").flatMap((value) => value.split(",")));
  for (const name of without) {
    if (name !== NGINX && name !== OWN) {
      throw new UsageError(`--without takes ${NGINX} or ${OWN}, not "${name}"`);
    }
  }
  const checkouts = [
    ...(without.has(OWN) ? [] : [{ name: OWN, directory: ownDirectory }]),
    ...options._.map((argument) => checkoutOf(String(argument))),
  ];
  const names = checkouts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`There are two checkouts named ${twice}`);
  const withNginx = !without.has(NGINX);
  if (withNginx) names.push(NGINX);
  const first = names[0];
  if (first === undefined) throw new UsageError("There is nothing left to measure");
  const reference = one("reference") ?? (withNginx ? NGINX : first);
  if (!names.includes(reference)) {
    throw new UsageError(`--reference takes one of ${names.join(", ")}, not "${reference}"`);
  }
  return {
    help: options["help"] === true,
    checkouts,
    withNginx,
    reference,
    scenarios: scenariosOf(valuesOf("only")),
    rounds: countOf("rounds", one("rounds") ?? "5", 100),
    loadSeconds: countOf("seconds", one("seconds") ?? "2", 60),
    logLevel: logLevelOf(one("log-level") ?? "info"),
    jsonPath: one("json") ?? null,
  };
}

function checkoutOf(argument: string): Checkout {
  const [, name, directory] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(argument) ?? [];
  if (name === undefined || directory === undefined) {
    throw new UsageError(`"${argument}" is not of the form NAME=DIR`);
  }
  if (name === NGINX) throw new UsageError(`The name ${NGINX} is the peer's`);
  return { name, directory: resolve(directory) };
}

function scenariosOf(only: readonly string[]): readonly string[] {
  const known = SCENARIOS.map(({ name }) => name);
  const wanted = only.flatMap((value) => value.split(","));
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no scenario "${unknown}", only ${known.join(", ")}`);
  }
  return wanted.length === 0 ? known : known.filter((name) => wanted.includes(name));
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
