import type { Buffer } from "node:buffer";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { acceptsEncodings } from "@std/http/negotiation";
import { STATUS_CODE } from "@std/http/status";

/** Forbids foreign and inline scripts, styles and frames, so that injected markup is harmless. */
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

/** Headers of every response below /admin. */
const SAFETY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  // With "no-referrer", browsers send "Origin: null" with forms.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** Adds the headers of every response below /admin. */
export function secured(response: Response): Response {
  for (const [name, value] of Object.entries(SAFETY_HEADERS)) response.headers.set(name, value);
  return response;
}

/** Fast: less than a millisecond for a page. */
const BROTLI_QUALITY = 4;
/** In bytes. A shorter page fits into one packet anyway. */
const MIN_COMPRESSED_LENGTH = 1_000;

/** Responds with an HTML document, compressed if the request accepts it. */
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
      // Pages are personal and soon outdated.
      "cache-control": "no-store",
      "vary": "accept-encoding, cookie",
      ...(encoding === null ? {} : { "content-encoding": encoding }),
      ...headers,
    },
  });
}

/** Responds with a text file that browsers show as plain text. */
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

/** Redirects the browser with 303, so that it continues with GET. */
export function redirect(to: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: STATUS_CODE.SeeOther,
    headers: { location: to, "cache-control": "no-store", ...headers },
  });
}

export type Encoding = "br" | "gzip";

/** The best supported encoding that a request accepts; null for none. */
export function encodingFor(request: Request): Encoding | null {
  // If given candidates, the library would follow the browser's order, which prefers gzip.
  const accepted = acceptsEncodings(request);
  return (["br", "gzip"] as const).find((each) => accepted.includes(each)) ?? null;
}

/** Compresses bytes. `quality` applies to Brotli. */
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
