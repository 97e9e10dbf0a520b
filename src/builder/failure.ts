import type { BuildStep, ReportedFailure } from "../api/builder.ts";

/** Why a job failed, as reported to the daemon. */
export class BuildFailure extends Error {
  override readonly name = "BuildFailure";

  constructor(
    readonly failure: ReportedFailure,
    readonly step: BuildStep,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Messages of makepkg (with LC_ALL=C) and what they mean; the first match counts. */
const SENTENCES: readonly (readonly [RegExp, ReportedFailure, string])[] = [
  [
    /One or more PGP signatures could not be verified/,
    "signature",
    "the signature of a source could not be verified",
  ],
  [
    /did not pass the validity check/,
    "checksum",
    "the checksum of a source does not match the PKGBUILD",
  ],
  [
    /Could not resolve host|Failed to connect|Connection timed out|Temporary failure in name/i,
    "network",
    "the server of a source could not be reached",
  ],
  [
    /Failure while (?:downloading|creating working copy|updating)|Could not download sources/,
    "source_gone",
    "a source could not be fetched",
  ],
  [
    /Could not resolve all dependencies|Missing dependencies/,
    "dependency_missing",
    "dependencies are missing",
  ],
  [/A failure occurred in check\(\)/, "test_failure", "check() failed"],
];

/** The meaning of makepkg's exit codes (util/error.sh); all others are build errors. */
const CODES: ReadonlyMap<number, readonly [ReportedFailure, string]> = new Map([
  [2, ["builder_unfit", "makepkg rejects its configuration"]],
  [4, ["build_error", "a function of the PKGBUILD failed"]],
  [5, ["build_error", "packaging failed"]],
  [6, ["build_error", "a file named in the PKGBUILD is missing"]],
  [8, ["dependency_missing", "dependencies are missing"]],
  [11, ["builder_unfit", "a directory cannot be written"]],
  [12, ["build_error", "the PKGBUILD is not valid"]],
  [15, ["build_error", "a program that makepkg needs is missing; add it to makedepends"]],
]);

/**
 * Classifies a failed run of makepkg by its exit code and the end of its output. The PKGBUILD may
 * have printed that output itself, so it only decides the name of the failure.
 */
export function makepkgFailure(
  step: BuildStep,
  code: number,
  output: string,
): BuildFailure {
  const found = SENTENCES.find(([sentence]) => sentence.test(output));
  const [failure, what] = (found === undefined ? null : [found[1], found[2]] as const) ??
    CODES.get(code) ?? ["build_error", "makepkg failed"] as const;
  const lines = output.split("\n").filter((line) => line.includes("ERROR:"));
  const last = lines.at(-1)?.replace(/^.*ERROR:\s*/, "").trim();
  const detail = last === undefined ? "" : `: ${last}`;
  return new BuildFailure(failure, step, `${what} (makepkg exits with ${code})${detail}`);
}
