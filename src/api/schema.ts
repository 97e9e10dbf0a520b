/** A JSON Schema (2020-12, as OpenAPI 3.1 uses it) together with the type of what it describes. */
export interface Schema<T> {
  readonly json: JsonSchema;
  /** Only there for the compiler. */
  readonly type?: T;
}

/** The part of JSON Schema that the API uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

/** The type that a schema describes. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

export function text(description: string): Schema<string> {
  return { json: { type: "string", description } };
}

/** A whole number from 0 on: bytes, a count, or milliseconds. */
export function count(description: string): Schema<number> {
  return { json: { type: "integer", minimum: 0, description } };
}

export function number(description: string): Schema<number> {
  return { json: { type: "number", description } };
}

export function flag(description: string): Schema<boolean> {
  return { json: { type: "boolean", description } };
}

export function choice<const T extends readonly string[]>(
  values: T,
  description: string,
): Schema<T[number]> {
  return { json: { type: "string", enum: values, description } };
}

export function nullable<T>({ json }: Schema<T>): Schema<T | null> {
  const { enum: values } = json;
  return {
    json: {
      ...json,
      type: [json.type as string, "null"],
      ...(values === undefined ? {} : { enum: [...values, null] }),
    },
  };
}

export function list<T>({ json }: Schema<T>, description: string): Schema<T[]> {
  return { json: { type: "array", items: json, description } };
}

/** One of several shapes. */
export function oneOf<S extends readonly Schema<unknown>[]>(
  shapes: S,
  description: string,
): Schema<TypeOf<S[number]>> {
  return { json: { oneOf: shapes.map(({ json }) => json), description } };
}

/** An object with these members, all of them always there, and no others. */
export function object<P extends Readonly<Record<string, Schema<unknown>>>>(
  members: P,
  description: string,
): Schema<{ [K in keyof P]: TypeOf<P[K]> }> {
  return {
    json: {
      type: "object",
      description,
      properties: Object.fromEntries(
        Object.entries(members).map(([name, { json }]) => [name, json]),
      ),
      required: Object.keys(members),
      additionalProperties: false,
    },
  };
}
