import type { z } from "zod";

/** The types of JSON in words. */
const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "an array",
  null: "null",
};

const MAX_SHOWN_LENGTH = 60;

/**
 * What is wrong with a value that `schema` does not accept, one clause for each fault:
 * `level must be one of debug, info, not "loud"`. Empty if the schema accepts it. `what` names the
 * value itself.
 */
export function faultsOf(schema: z.ZodType, value: unknown, what: string): string[] {
  const { error } = schema.safeParse(value, { reportInput: true });
  return error === undefined ? [] : error.issues.map((issue) => faultOf(issue, what));
}

function faultOf(issue: z.core.$ZodIssue, what: string): string {
  const name = nameOf(issue.path) || what;
  const { input } = issue;
  const instead = `, not ${shown(input)}`;
  switch (issue.code) {
    case "invalid_type":
      if (input === undefined) return `${name} is missing`;
      return `${name} must be ${TYPES[issue.expected] ?? issue.expected}${instead}`;
    case "invalid_value":
      if (input === undefined) return `${name} is missing`;
      return `${name} must be ${oneOf(issue.values)}${instead}`;
    case "invalid_union":
      return `${name} is of no known kind`;
    case "unrecognized_keys":
      return issue.keys.map((key) => `${what} has no member ${JSON.stringify(key)}`).join("; ");
    case "too_small":
      return `${name} must be at least ${issue.minimum}${instead}`;
    case "too_big":
      return `${name} must be at most ${issue.maximum}${instead}`;
    case "invalid_format":
      // The schemas of the API write these messages themselves.
      return `${name} ${issue.message}${instead}`;
    default:
      return `${name}: ${issue.message}`;
  }
}

/** `one of debug, info`, or the only value. */
export function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => String(value)).join(", ");
  return values.length === 1 ? texts : `one of ${texts}`;
}

/** `mirrors[0].name`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("")
    .replace(/^\./, "");
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}...`;
}
