/** The part of JSON Schema (2020-12) that the API uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** What `faultsOf` understands; another keyword would promise what no test checks. */
const KEYWORDS = new Set([
  "type",
  "const",
  "enum",
  "minimum",
  "maximum",
  "pattern",
  "format",
  "items",
  "minLength",
  // The same as the format base64.
  "contentEncoding",
  "minItems",
  "maxItems",
  "maxLength",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "oneOf",
  "anyOf",
  "description",
  "default",
]);

/** How `value` breaks its schema: one line for each fault, empty if it is valid. */
export function faultsOf(value: unknown, schema: JsonSchema, at = "$"): string[] {
  const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword));
  if (unknown !== undefined) throw new Error(`${at}: the keyword ${unknown} is not checked`);
  const { oneOf, anyOf } = schema;
  if (oneOf !== undefined || anyOf !== undefined) {
    const shapes = oneOf ?? anyOf ?? [];
    const fitting = shapes.filter((each) => faultsOf(value, each, at).length === 0);
    const isRight = oneOf === undefined ? fitting.length > 0 : fitting.length === 1;
    return isRight ? [] : [`${at}: fits ${fitting.length} shapes`];
  }
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return [`${at}: not ${types.join(" or ")}`];
  }
  return [...scalarFaults(value, schema, at), ...memberFaults(value, schema, at)];
}

function scalarFaults(value: unknown, schema: JsonSchema, at: string): string[] {
  const { enum: values, minimum = -Infinity, maximum = Infinity, pattern, format } = schema;
  const { maxLength = Infinity } = schema;
  const faults: string[] = [];
  if (values !== undefined && !values.includes(value)) faults.push(`${at}: not one of ${values}`);
  if (schema.const !== undefined && value !== schema.const) faults.push(`${at}: another value`);
  if (typeof value === "number" && (value < minimum || value > maximum)) {
    faults.push(`${at}: ${value} is not from ${minimum} to ${maximum}`);
  }
  if (typeof value === "string") {
    if (value.length > maxLength) faults.push(`${at}: longer than ${maxLength}`);
    if (pattern !== undefined && !new RegExp(pattern).test(value)) {
      faults.push(`${at}: not like ${pattern}`);
    }
    if (format !== undefined && !isOfFormat(value, format)) faults.push(`${at}: not a ${format}`);
  }
  return faults;
}

function memberFaults(value: unknown, schema: JsonSchema, at: string): string[] {
  const { items, properties = {}, required = [], additionalProperties, propertyNames } = schema;
  if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Infinity } = schema;
    const isSized = value.length >= minItems && value.length <= maxItems;
    return [
      ...isSized ? [] : [`${at}: has ${value.length} items`],
      ...items === undefined
        ? []
        : value.flatMap((each, index) => faultsOf(each, items, `${at}[${index}]`)),
    ];
  }
  if (typeof value !== "object" || value === null) return [];
  const missing = required.filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${at}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const expected = properties[name];
      if (expected !== undefined) return faultsOf(member, expected, `${at}.${name}`);
      if (additionalProperties === false) return [`${at}.${name}: unknown`];
      return [
        ...propertyNames === undefined ? [] : faultsOf(name, propertyNames, `${at}.${name}`),
        ...typeof additionalProperties === "object"
          ? faultsOf(member, additionalProperties, `${at}.${name}`)
          : [],
      ];
    }),
  ];
}

function isOfFormat(value: string, format: string): boolean {
  if (format === "base64") return /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
  if (format !== "date-time") throw new Error(`The format ${format} is not checked`);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !isNaN(Date.parse(value));
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
