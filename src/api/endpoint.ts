import type { z } from "zod";

/**
 * Who may call an endpoint, besides administrators. With "view", it shows no secret; with "approve",
 * it is a decision on what is built; with "upload", the path has a parameter `repository`.
 */
export type Right = "anyone" | "view" | "approve" | "upload" | "builder" | "administrator";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * The names in a path template: `{pattern}` is one segment, `{+directory}` may have slashes (the
 * notation of RFC 6570).
 */
export type PathParameter<Path extends string> = string extends Path ? string
  : Path extends `${string}{${infer Name}}${infer Rest}`
    ? (Name extends `+${infer Bare}` ? Bare : Name) | PathParameter<Rest>
  : never;

/** Query parameters by their names. They arrive as text. */
export type QueryShape = Readonly<Record<string, z.ZodType<unknown, string | undefined>>>;

/** A success whose body is a stream of JSON objects, one a line (`application/x-ndjson`). */
export interface Lines<Schema extends z.ZodType = z.ZodType> {
  readonly kind: "lines";
  readonly schema: Schema;
  readonly description: string;
}

/** A success without a body. */
export interface Empty {
  readonly kind: "empty";
  readonly description: string;
}

/** A success whose body is a file, of any length: it is streamed, and never held as a whole. */
export interface File {
  readonly kind: "file";
  /** Its media type. */
  readonly type: string;
  readonly description: string;
}

/** A body that is a file, of any length: it is streamed, and never held as a whole. */
export interface Bytes {
  readonly kind: "bytes";
  readonly description: string;
}

/** A file as a caller sends it. */
export interface FileBody {
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Null if it is not known before the end, as of a file among others of one form. */
  readonly size: number | null;
}

/** What a request carries: JSON of a schema, a file, or nothing. */
export type RequestBody = z.ZodType | Bytes | undefined;

/** What an endpoint answers with: JSON of this schema, lines of JSON, a file, or nothing. */
export type Answer = z.ZodType | Lines | File | Empty;

/** Answers by their HTTP status. */
export type Answers = Readonly<Record<number, Answer>>;

/** One thing that the API can do. The server implements it, the CLI calls it. */
export interface Endpoint<
  Path extends string = string,
  Query extends QueryShape = QueryShape,
  Body extends RequestBody = RequestBody,
  Success extends Answers = Answers,
> {
  readonly method: Method;
  /** A template like `/api/v1/pins/{pattern}`. */
  readonly path: Path;
  /** An imperative, without a full stop: it also completes "Cannot ...". */
  readonly summary: string;
  /** Who may call it; by default viewers what is read by GET, and administrators all else. */
  readonly right: Right;
  /** Whether it changes something, so that the audit log gets an event; all but GET do by default. */
  readonly isChange: boolean;
  /** A longer body is refused. */
  readonly maxBodyBytes: number;
  /** Whether it may take longer than a client usually waits. */
  readonly isLong: boolean;
  /** Whether failures are plain text, as in the Go version, instead of problem details. */
  readonly failsInText: boolean;
  readonly pathParameters: Readonly<Record<PathParameter<Path>, z.ZodType<string, string>>>;
  readonly query: Query;
  readonly body: Body;
  readonly answers: Success;
  /** Statuses of failures besides 400, 401 and 403, each with its cause. */
  readonly failures: Readonly<Record<number, string>>;
}

/** What `endpoint` takes: an `Endpoint` whose usual parts may be left out. */
export type Declaration<
  Path extends string,
  Query extends QueryShape,
  Body extends RequestBody,
  Success extends Answers,
> =
  & Pick<Endpoint<Path, Query, Body, Success>, "method" | "path" | "summary" | "answers">
  & Partial<
    Pick<
      Endpoint<Path, Query, Body, Success>,
      | "right"
      | "isChange"
      | "maxBodyBytes"
      | "isLong"
      | "failsInText"
      | "query"
      | "body"
      | "failures"
    >
  >
  & ([PathParameter<Path>] extends [never] ? { readonly pathParameters?: never }
    : Pick<Endpoint<Path>, "pathParameters">);

const MAX_BODY_BYTES = 1024;

/** Declares an endpoint. Its path template and its `pathParameters` must have the same names. */
export function endpoint<
  const Path extends string,
  const Success extends Answers,
  Query extends QueryShape = Record<never, never>,
  Body extends RequestBody = undefined,
>(declaration: Declaration<Path, Query, Body, Success>): Endpoint<Path, Query, Body, Success> {
  return {
    right: declaration.method === "GET" ? "view" : "administrator",
    isChange: declaration.method !== "GET",
    maxBodyBytes: MAX_BODY_BYTES,
    isLong: false,
    failsInText: false,
    pathParameters: {},
    query: {},
    body: undefined,
    failures: {},
    ...declaration,
  } as unknown as Endpoint<Path, Query, Body, Success>;
}

/** A success whose body is a stream of JSON objects, one a line. */
export function lines<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
): Lines<Schema> {
  return { kind: "lines", schema, description };
}

/** A body that is a file. */
export function bytes(description: string): Bytes {
  return { kind: "bytes", description };
}

/** A success whose body is a file. */
export function file(type: string, description: string): File {
  return { kind: "file", type, description };
}

/** A success without a body. */
export function empty(description: string): Empty {
  return { kind: "empty", description };
}

/** What is sent for an answer: a value, a stream of values, a file, or nothing. */
export type AnswerValue<A> = A extends Lines<infer Schema> ? ReadableStream<z.infer<Schema>>
  : A extends File ? ReadableStream<Uint8Array<ArrayBuffer>>
  : A extends Empty ? void
  : A extends z.ZodType ? z.infer<A>
  : never;

/** The value of an endpoint's success, whatever its status. */
export type Answered<E extends Endpoint> = AnswerValue<E["answers"][keyof E["answers"]]>;

/** The path's parameters. */
export type PathValues<E extends Endpoint> = Readonly<Record<PathParameter<E["path"]>, string>>;

/** The query's parameters, once they are validated. */
export type QueryValues<E extends Endpoint> = {
  readonly [Name in keyof E["query"]]: z.output<E["query"][Name]>;
};

/** The request's body, once it is validated. */
export type BodyValue<E extends Endpoint> = OutputOf<E["body"]>;

type OutputOf<Body> = Body extends z.ZodType ? z.output<Body>
  : Body extends Bytes ? ReadableStream<Uint8Array>
  : undefined;

/** What a caller sends: the parameters of path and query by their names, and the body. */
type CallerInput<E extends Endpoint> =
  & PathValues<E>
  & QueryInput<E["query"]>
  & (E["body"] extends z.ZodType ? { readonly body: z.input<E["body"]> }
    : E["body"] extends Bytes ? { readonly body: FileBody }
    : unknown);

type QueryInput<Query extends QueryShape> =
  & {
    readonly [Name in keyof Query as undefined extends z.input<Query[Name]> ? Name : never]?:
      z.input<Query[Name]>;
  }
  & {
    readonly [Name in keyof Query as undefined extends z.input<Query[Name]> ? never : Name]:
      z.input<Query[Name]>;
  };

/** The arguments of a call: its input, which may be left out if everything in it is optional. */
export type InputArguments<E extends Endpoint> = Record<never, never> extends CallerInput<E>
  ? [input?: CallerInput<E>]
  : [input: CallerInput<E>];

/** What each line of a streamed answer is. */
export type LineValue<E extends Endpoint> = E["answers"][keyof E["answers"]] extends
  Lines<infer Schema> ? z.infer<Schema> : never;

/** A segment of a path template. */
export type TemplateSegment =
  | { readonly text: string }
  | { readonly name: string; readonly hasSlashes: boolean };

/** The segments of a path template, without the leading slash. */
export function templateSegments(path: string): TemplateSegment[] {
  return path.slice(1).split("/").map((segment) => {
    const match = /^\{(\+?)(\w+)\}$/.exec(segment);
    if (match === null) return { text: segment };
    const [, plus, name = ""] = match;
    return { name, hasSlashes: plus === "+" };
  });
}
