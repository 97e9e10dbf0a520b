import { type FieldTable, parseFields } from "./desc_fields.ts";

/** What a package says about other packages: each value is `name`, or `name<op>version`. */
export interface PackageRelations {
  /** `%DEPENDS%` */
  depends?: string[];
  /** `%OPTDEPENDS%`, each `name: why` */
  optDepends?: string[];
  /** `%MAKEDEPENDS%` */
  makeDepends?: string[];
  /** `%CHECKDEPENDS%` */
  checkDepends?: string[];
  /** `%CONFLICTS%` */
  conflicts?: string[];
  /** `%PROVIDES%` */
  provides?: string[];
  /** `%REPLACES%` */
  replaces?: string[];
}

/** The keys of {@linkcode PackageRelations} for the block reader. */
export const RELATION_FIELDS: FieldTable = new Map([
  ["DEPENDS", ["depends", "list"]],
  ["OPTDEPENDS", ["optDepends", "list"]],
  ["MAKEDEPENDS", ["makeDepends", "list"]],
  ["CHECKDEPENDS", ["checkDepends", "list"]],
  ["CONFLICTS", ["conflicts", "list"]],
  ["PROVIDES", ["provides", "list"]],
  ["REPLACES", ["replaces", "list"]],
]);

/**
 * Reads the `depends` file that sync databases had beside `desc` until about 2018; today its blocks
 * are part of `desc`.
 *
 * @throws {PkgstashError} kind "content", for an over-long value.
 */
export function parseDepends(text: string): PackageRelations {
  return parseFields(text, RELATION_FIELDS) as PackageRelations;
}
