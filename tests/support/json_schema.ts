import type { JsonSchema } from "../../src/api/schema.ts";

/** Where a value is not as its schema says: one line each, empty if it is. */
export function faultsOf(value: unknown, schema: JsonSchema, at = "$"): string[] {
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((each) => faultsOf(value, each, at).length === 0);
    return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} shapes`];
  }
  const types = [schema.type ?? []].flat();
  if (!types.some((type) => isOfType(value, type))) return [`${at}: not ${types.join(" or ")}`];
  const faults: string[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value)) faults.push(`${at}: not one of`);
  if (typeof value === "number" && value < (schema.minimum ?? -Infinity)) {
    faults.push(`${at}: ${value} is too little`);
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    value.forEach((each, index) =>
      faults.push(...faultsOf(each, schema.items!, `${at}[${index}]`))
    );
  } else if (typeof value === "object" && value !== null && schema.properties !== undefined) {
    for (const name of schema.required ?? []) {
      if (!(name in value)) faults.push(`${at}.${name}: missing`);
    }
    for (const [name, member] of Object.entries(value)) {
      const expected = schema.properties[name];
      if (expected !== undefined) faults.push(...faultsOf(member, expected, `${at}.${name}`));
      else if (schema.additionalProperties === false) faults.push(`${at}.${name}: unknown`);
    }
  }
  return faults;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      throw new Error(`${type} is not a type of JSON Schema`);
  }
}
