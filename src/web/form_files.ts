import type { Readable } from "node:stream";
import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { PkgstashError, reasonOf } from "../errors.ts";

/** Far more than anyone selects by hand. */
const MAX_FILES = 1_000;
/** Buffer for a file that is not being read yet. */
const BUFFER_BYTES = 64 * 1024;
/**
 * How much of a refused form to read, so that the browser shows the reason, not a connection reset.
 */
const MAX_DRAINED_BYTES = 512 * 1024 ** 2;

export interface FormFile {
  /** As sent by the browser, without directories. */
  readonly name: string;
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Whether a request is a form with files. */
export function hasFiles({ headers }: Request): boolean {
  return /^multipart\/form-data\s*;/i.test(headers.get("content-type") ?? "");
}

/**
 * Yields the files of a form as they arrive, buffering only a few blocks. Read or cancel each
 * before asking for the next. Empty file fields are skipped.
 *
 * @throws PkgstashError `invalid_request` if the form is malformed, truncated or has too many
 * files.
 */
export async function* formFiles({ headers, body }: Request): AsyncGenerator<FormFile, void> {
  const parser = parserFor(headers.get("content-type") ?? "");
  const waiting: { name: string; stream: Readable }[] = [];
  const over = Promise.withResolvers<void>();
  let current: Readable | null = null;
  let failure: PkgstashError | null = null;
  let hasEnded = false;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= asFault(error);
    over.resolve();
    for (const { stream } of waiting) stream.destroy(failure);
    current?.destroy(failure);
    wake();
  };
  parser.on("file", (_field: string, stream: Readable, name: string | undefined) => {
    // The reader of the stream gets the error.
    stream.on("error", () => {});
    // An empty file field.
    if (name === undefined || name === "") stream.resume();
    else waiting.push({ name, stream });
    wake();
  });
  for (const limit of ["filesLimit", "fieldsLimit", "partsLimit"] as const) {
    parser.on(limit, () => fail(new Error(`there are more than ${MAX_FILES}`)));
  }
  parser.on("error", fail);
  parser.on("finish", () => {
    hasEnded = true;
    wake();
  });
  const reader = (body ?? new ReadableStream()).getReader();
  const pumping = pump(reader, parser, over.promise).catch(fail);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        current = next.stream;
        yield { name: next.name, content: ReadableStream.from(bytesOf(next.stream)) };
        current = null;
        continue;
      }
      if (failure !== null) throw failure;
      if (hasEnded) return;
      await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    fail(new Error("nobody reads them"));
    parser.destroy();
    await pumping;
    await drain(reader);
  }
}

function parserFor(type: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { "content-type": type },
      highWaterMark: BUFFER_BYTES,
      fileHwm: BUFFER_BYTES,
      limits: { files: MAX_FILES, fields: 100, parts: MAX_FILES + 100, fieldSize: 16 * 1024 },
    });
  } catch (error) {
    throw asFault(error);
  }
}

/**
 * Feeds the parser as fast as files are read, until the end of the form or until `over` resolves.
 */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  parser: BusboyInstance,
  over: Promise<void>,
): Promise<void> {
  let isOver = false;
  over.then(() => isOver = true);
  while (!isOver) {
    const { done, value } = await reader.read();
    if (done) return void parser.end();
    const taken = new Promise<void>((resolve) => parser.write(value, () => resolve()));
    await Promise.race([taken, over]);
  }
}

async function* bytesOf(stream: Readable): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of stream) yield new Uint8Array(chunk);
  } catch (error) {
    throw asFault(error);
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    for (let left = MAX_DRAINED_BYTES; left > 0;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // The browser is gone.
  }
}

function asFault(error: unknown): PkgstashError {
  if (error instanceof PkgstashError) return error;
  return new PkgstashError(
    "invalid_request",
    `Cannot read the files that were sent: ${reasonOf(error)}. Send them again, or use pkgstash ` +
      "repo add.",
    { cause: error },
  );
}
