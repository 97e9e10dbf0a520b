import type { Buffer } from "node:buffer";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { acceptsEncodings } from "@std/http/negotiation";
import { STATUS_CODE } from "@std/http/status";

/** No script, style or frame of anybody else, and none within the page: whatever gets into one. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What every answer below /admin has. */
const SAFETY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  // With "no-referrer" a browser sends Origin: null with forms.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** An answer with the headers that every one below /admin has. */
export function secured(response: Response): Response {
  for (const [name, value] of Object.entries(SAFETY_HEADERS)) response.headers.set(name, value);
  return response;
}

/** Quick: a page takes less than a millisecond. */
const BROTLI_QUALITY = 4;
/** Shorter texts fit into one packet anyway. */
const MIN_COMPRESSED_LENGTH = 1_000;

/** A page of HTML. */
export function htmlResponse(
  request: Request,
  html: string,
  { status = STATUS_CODE.OK, headers = {} }: {
    status?: number;
    headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  const bytes = new TextEncoder().encode(`<!doctype html>\n${html}`);
  const { body, encoding } = compressed(request, bytes);
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-length": `${body.length}`,
      // It is of one person, at one moment.
      "cache-control": "no-store",
      "vary": "accept-encoding, cookie",
      ...(encoding === null ? {} : { "content-encoding": encoding }),
      ...headers,
    },
  });
}

/** A file of text, which no browser takes for anything else. */
export function textResponse(
  { name, content }: { readonly name: string; readonly content: ReadableStream<Uint8Array> },
): Response {
  return new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>, {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `inline; filename="${name.replace(/[^A-Za-z0-9._-]/g, "_")}"`,
      "cache-control": "no-store",
    },
  });
}

/** Sends a browser to another page, with GET. */
export function redirect(to: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: STATUS_CODE.SeeOther,
    headers: { location: to, "cache-control": "no-store", ...headers },
  });
}

export type Encoding = "br" | "gzip";

/** The best encoding that a request accepts; null for none. */
export function encodingFor(request: Request): Encoding | null {
  // Given candidates, it would take the order of the browser, which names gzip first.
  const accepted = acceptsEncodings(request);
  return (["br", "gzip"] as const).find((each) => accepted.includes(each)) ?? null;
}

/** Bytes in an encoding. */
export function encoded(
  bytes: Uint8Array,
  encoding: Encoding,
  quality: number = BROTLI_QUALITY,
): Uint8Array<ArrayBuffer> {
  const buffer = encoding === "gzip" ? gzipSync(bytes) : brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return bytesOf(buffer);
}

function compressed(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
): { body: Uint8Array<ArrayBuffer>; encoding: Encoding | null } {
  const encoding = bytes.length < MIN_COMPRESSED_LENGTH ? null : encodingFor(request);
  return { body: encoding === null ? bytes : encoded(bytes, encoding), encoding };
}

function bytesOf(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}
