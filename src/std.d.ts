// The std packages come from the npm registry without types; this declares what pkgstash uses of them.

declare module "@std/path" {
  export function join(...parts: string[]): string;
  export function dirname(path: string): string;
  export function basename(path: string, suffix?: string): string;
  export function resolve(...parts: string[]): string;
  export function relative(from: string, to: string): string;
  export function fromFileUrl(url: string | URL): string;
}

declare module "@std/async/abortable" {
  export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
  export function abortable<T>(
    iterable: AsyncIterable<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T>;
}

declare module "@std/async/deadline" {
  /** Rejects with a `DOMException` "TimeoutError" if `promise` takes longer than `ms`. */
  export function deadline<T>(
    promise: Promise<T>,
    ms: number,
    options?: { signal?: AbortSignal },
  ): Promise<T>;
}

declare module "@std/async/delay" {
  /** Rejects with the signal's reason when it is aborted. */
  export function delay(
    ms: number,
    options?: { signal?: AbortSignal; persistent?: boolean },
  ): Promise<void>;
}

declare module "@std/bytes/concat" {
  export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
}

declare module "@std/bytes/equals" {
  export function equals(a: Uint8Array, b: Uint8Array): boolean;
}

declare module "@std/bytes/starts-with" {
  export function startsWith(source: Uint8Array, prefix: Uint8Array): boolean;
}

declare module "@std/http/cookie" {
  export interface Cookie {
    name: string;
    value: string;
    maxAge?: number;
    path?: string;
    secure?: boolean;
    httpOnly?: boolean;
    sameSite?: "Strict" | "Lax" | "None";
  }
  /** @throws SyntaxError for a header that is none. */
  export function getCookies(headers: Headers): Readonly<Record<string, string | undefined>>;
  export function setCookie(headers: Headers, cookie: Cookie): void;
}

declare module "@std/http/negotiation" {
  /** All encodings that a request accepts, the liked ones first. */
  export function acceptsEncodings(request: Pick<Request, "headers">): string[];
}

declare module "@std/http/server-sent-event-stream" {
  export interface ServerSentEventMessage {
    comment?: string;
    event?: string;
    data?: string;
  }
  export class ServerSentEventStream
    extends TransformStream<ServerSentEventMessage, Uint8Array<ArrayBuffer>> {}
}

declare module "@std/http/status" {
  type Name =
    | "OK"
    | "Created"
    | "NoContent"
    | "PartialContent"
    | "MovedPermanently"
    | "SeeOther"
    | "NotModified"
    | "BadRequest"
    | "Unauthorized"
    | "Forbidden"
    | "NotFound"
    | "MethodNotAllowed"
    | "RequestTimeout"
    | "Conflict"
    | "Gone"
    | "PreconditionFailed"
    | "LengthRequired"
    | "ContentTooLarge"
    | "UnsupportedMediaType"
    | "RangeNotSatisfiable"
    | "TooManyRequests"
    | "InternalServerError"
    | "BadGateway"
    | "ServiceUnavailable"
    | "GatewayTimeout"
    | "InsufficientStorage";
  export const STATUS_CODE: Readonly<Record<Name, number>>;
  export const STATUS_TEXT: Readonly<Record<number, string>>;
}

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type Class<E> = abstract new (...args: any[]) => E;
  export class AssertionError extends Error {}
  export function assert(condition: unknown, message?: string): asserts condition;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): void;
  export function assertGreater<T>(actual: T, expected: T, message?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertLess<T>(actual: T, expected: T, message?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertInstanceOf<E>(
    actual: unknown,
    expected: Class<E>,
    message?: string,
  ): asserts actual is E;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass?: Class<E>,
    includes?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    fn: () => Promise<unknown>,
    errorClass?: Class<E>,
    includes?: string,
  ): Promise<E>;
  export function fail(message?: string): never;
}

declare module "@std/cli/parse-args" {
  export interface ParseArgsOptions {
    boolean?: readonly string[];
    string?: readonly string[];
    collect?: readonly string[];
    alias?: Record<string, string>;
    default?: Record<string, unknown>;
    stopEarly?: boolean;
    "--"?: boolean;
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  export function parseArgs(
    args: readonly string[],
    options?: ParseArgsOptions,
  ): { _: (string | number)[]; [key: string]: unknown };
}

declare module "@std/toml" {
  export function parse(text: string): Record<string, unknown>;
  export function stringify(value: Record<string, unknown>): string;
}

declare module "@std/fmt/colors" {
  export function bold(text: string): string;
  export function dim(text: string): string;
  export function red(text: string): string;
  export function green(text: string): string;
  export function yellow(text: string): string;
  export function cyan(text: string): string;
  export function setColorEnabled(enabled: boolean): void;
  export function stripAnsiCode(text: string): string;
}

declare module "@std/fmt/bytes" {
  export function format(
    bytes: number,
    options?: {
      binary?: boolean;
      minimumFractionDigits?: number;
      maximumFractionDigits?: number;
    },
  ): string;
}

declare module "@std/html/entities" {
  export function escape(text: string): string;
}

declare module "@std/text/closest-string" {
  export function closestString(word: string, candidates: readonly string[]): string;
}

declare module "@std/text/levenshtein-distance" {
  export function levenshteinDistance(first: string, second: string): number;
}

declare module "@std/crypto/timing-safe-equal" {
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

declare module "@std/encoding/base64" {
  export function encodeBase64(data: string | Uint8Array | ArrayBuffer): string;
}

declare module "@std/encoding/hex" {
  export function encodeHex(bytes: Uint8Array | ArrayBuffer | string): string;
}

declare module "seek-bzip" {
  /** Where the decoder gets its bytes. */
  export interface Source {
    readByte(): number;
    read(target: Uint8Array, offset: number, length: number): number;
  }
  /** Decodes one bzip2 stream, block by block. */
  export default class Bunzip {
    constructor(source: Source, output: { writeByte(byte: number): void });
    /** Combined checksum of the blocks so far. */
    readonly streamCRC: number;
    readonly reader: { read(bits: number): number };
    /** Reads the next block; false at the end of the stream. */
    _init_block(): boolean;
    /** Writes the content of the block, and checks it. */
    _read_bunzip(): void;
  }
}

declare module "prom-client/counter" {
  export { Counter as default } from "prom-client";
}

declare module "prom-client/gauge" {
  export { Gauge as default } from "prom-client";
}

declare module "prom-client/histogram" {
  export { Histogram as default } from "prom-client";
}

declare module "prom-client/registry" {
  export { Registry as default } from "prom-client";
}
