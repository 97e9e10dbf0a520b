import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FileBody } from "../api/endpoint.ts";

/**
 * Sends a file with its Content-Length. `fetch` would send any stream in chunks, for which Deno's
 * server buffers without limit ahead of the daemon, copying everything again with each read. Does
 * not follow redirects.
 */
export function sendFile(
  url: URL,
  { method, headers, body, signal }: {
    method: string;
    headers: Readonly<Record<string, string>>;
    body: FileBody;
    signal: AbortSignal;
  },
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const request = (url.protocol === "https:" ? overHttps : overHttp)(url, {
    method,
    headers: { ...headers, ...body.size === null ? {} : { "content-length": body.size } },
    signal,
  }, (incoming) => {
    const fields = Object.entries(incoming.headersDistinct)
      .flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value]));
    const content = Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>;
    const { statusCode: status = 0 } = incoming;
    const hasContent = status !== 204 && status !== 304;
    if (!hasContent) incoming.resume();
    resolve(new Response(hasContent ? content : null, { status, headers: fields }));
  });
  request.on("error", reject);
  // A daemon that refuses the file may answer before it has all of it; that answer counts.
  pipeline(Readable.from(body.content), request).catch(reject);
  return promise;
}
