import type { Assignment, Function } from "unbash";
import { withSingleSpaces } from "../pacman/srcinfo.ts";
import { assignedValue, type Evaluation } from "./evaluation.ts";
import type { Value } from "./expansion.ts";
import { assignmentsOf, visit } from "./syntax.ts";

/** Checksum arrays of makepkg, with the number of hexadecimal digits in one sum. */
export const CHECKSUM_DIGITS: Readonly<Record<string, number>> = {
  cksums: 0,
  md5sums: 32,
  sha1sums: 40,
  sha224sums: 56,
  sha256sums: 64,
  sha384sums: 96,
  sha512sums: 128,
  b2sums: 128,
};

const RELATIONS = ["depends", "optdepends", "provides", "conflicts", "replaces"];

/** Keys that may have an architecture appended, as in `source_x86_64`. */
const ARCHITECTURE_KEYS: ReadonlySet<string> = new Set([
  "source",
  ...RELATIONS,
  "makedepends",
  "checkdepends",
  ...Object.keys(CHECKSUM_DIGITS),
]);

/** Every key that a `.SRCINFO` may have in the section of its package base. */
export const BASE_KEYS: ReadonlySet<string> = new Set([
  "pkgdesc",
  "pkgver",
  "pkgrel",
  "epoch",
  "url",
  "install",
  "changelog",
  "arch",
  "groups",
  "license",
  "noextract",
  "options",
  "backup",
  "validpgpkeys",
  ...ARCHITECTURE_KEYS,
]);

/** Every key that a package may override. */
export const PACKAGE_KEYS: ReadonlySet<string> = new Set([
  "pkgdesc",
  "url",
  "install",
  "changelog",
  "arch",
  "groups",
  "license",
  "options",
  "backup",
  ...RELATIONS,
]);

/** A key without its architecture. */
export function plainKey(key: string): string {
  if (BASE_KEYS.has(key)) return key;
  const plain = key.slice(0, Math.max(0, key.indexOf("_")));
  return ARCHITECTURE_KEYS.has(plain) ? plain : key;
}

/**
 * The values of a variable in the base section of a `.SRCINFO`: empty if it was never assigned,
 * null if they cannot be determined without running the file.
 */
export function baseValues({ variables, isOpaque }: Evaluation, key: string): string[] | null {
  const value = variables.get(key);
  if (value === null || isOpaque) return null;
  return value === undefined ? [] : normalized(value);
}

/**
 * The values that a package's function gives a key in a split package. Undefined if it does not
 * mention the key, null if they cannot be determined without running the file.
 *
 * Source: `extract_function_variable` in pacman's scripts/libmakepkg/util/pkgbuild.sh.in.
 */
export function packageValues(
  evaluation: Evaluation,
  packageName: string,
  key: string,
): string[] | null | undefined {
  if (evaluation.isOpaque) return null;
  if (evaluation.conditionalFunctions.has(`package_${packageName}`)) return null;
  const body = evaluation.functions.get(`package_${packageName}`);
  // What `package()` assigns is not in a .SRCINFO.
  if (body === undefined) return undefined;
  const all = assignmentsIn(body, key);
  if (all.length === 0) return undefined;
  const [only] = all;
  if (all.length > 1 || only!.append || !topAssignments(body).includes(only!)) return null;
  const value = assignedValue(only!, evaluation.variables);
  return value === null ? null : normalized(value);
}

function assignmentsIn(body: Function, key: string): Assignment[] {
  const found: Assignment[] = [];
  visit(body, (node) => {
    if (node.type === "Assignment" && node.name === key) found.push(node);
    return true;
  });
  return found;
}

/** Assignments that the function always makes. */
function topAssignments({ body }: Function): Assignment[] {
  if (body.type !== "BraceGroup") return [];
  return body.body.commands.flatMap((statement) => assignmentsOf(statement) ?? []);
}

function normalized(value: Value): string[] {
  const values = typeof value === "string" ? [value] : value;
  return values.map(withSingleSpaces).filter((each) => each !== "");
}
