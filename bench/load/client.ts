/** How a request is made and its body received. */
export interface ExchangeOptions {
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** Receives the whole body; without it a scratch buffer is used again for each piece. */
  readonly into?: Uint8Array;
  /** Called with each piece and its offset in the body, while the clock runs: keep it short. */
  readonly onPiece?: (piece: Uint8Array, offset: number) => void;
}

/** A response that was received to its end. Times begin when the request is sent. */
export interface Exchange {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bodyBytes: number;
  /** Until the first byte of the body. */
  readonly firstByteMs: number;
  readonly durationMs: number;
}

/** The status line and headers, and what had arrived of the body with them. */
export interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly contentLength: number;
  readonly rest: Uint8Array;
}

const LONGEST_EXCHANGE_MS = 120_000;
// Fewer and larger reads: with less, fifty clients would wait for this process.
const SCRATCH_BYTES = 512 * 1024;
const LARGEST_HEAD_BYTES = 16 * 1024;

/**
 * One request on a connection of its own, with the least work for each byte: `fetch` takes two to
 * three times the CPU, which on few cores would be measured instead of the server.
 */
export async function exchange(
  port: number,
  path: string,
  options: ExchangeOptions = {},
): Promise<Exchange> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  // Closing it interrupts whatever it is waiting for.
  const deadline = setTimeout(() => connection.close(), LONGEST_EXCHANGE_MS);
  try {
    return await exchangeOn(connection, path, options);
  } finally {
    clearTimeout(deadline);
  }
}

async function exchangeOn(
  connection: Deno.Conn,
  path: string,
  options: ExchangeOptions,
): Promise<Exchange> {
  const startedAt = performance.now();
  await sendRequest(connection, path, options);
  const { status, headers, contentLength, rest } = await readHead(connection);
  const expected = options.method === "HEAD" || status === 304 ? 0 : contentLength;
  const { into, onPiece } = options;
  if (into !== undefined && into.length < expected) {
    throw new Error(`${path} has ${expected} bytes, ${into.length} at the most were expected`);
  }
  const scratch = into ?? new Uint8Array(Math.min(SCRATCH_BYTES, expected));
  let received = Math.min(rest.length, expected);
  let firstByteMs = performance.now() - startedAt;
  scratch.set(rest.subarray(0, received));
  if (received > 0) onPiece?.(scratch.subarray(0, received), 0);
  while (received < expected) {
    const start = into === undefined ? 0 : received;
    const end = Math.min(scratch.length, start + expected - received);
    const count = await connection.read(scratch.subarray(start, end));
    if (count === null) throw new Error(`${path} ended after ${received} of ${expected} bytes`);
    if (received === 0) firstByteMs = performance.now() - startedAt;
    onPiece?.(scratch.subarray(start, start + count), received);
    received += count;
  }
  const durationMs = performance.now() - startedAt;
  return { status, headers, bodyBytes: received, firstByteMs, durationMs };
}

/** Sends a request and leaves the connection open for others after it. */
export async function sendRequest(
  connection: Deno.Conn,
  path: string,
  { method = "GET", headers = {} }: ExchangeOptions = {},
): Promise<void> {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "User-Agent: pacman/7.1.0 (Linux x86_64) libalpm/16.0.1",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const bytes = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Receives the head of a response, which must have the length of its body. */
export async function readHead(connection: Deno.Conn): Promise<Head> {
  const buffer = new Uint8Array(LARGEST_HEAD_BYTES);
  let filled = 0;
  for (;;) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null || count === 0) throw new Error("The connection ended within the headers");
    filled += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, filled));
    const end = text.indexOf("\r\n\r\n");
    if (end !== -1) return parseHead(text.slice(0, end), buffer.subarray(end + 4, filled));
  }
}

function parseHead(text: string, rest: Uint8Array): Head {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const length = headers.get("content-length");
  if (length === undefined && status !== 304) {
    throw new Error(`A response with status ${status} does not have the length of its body`);
  }
  return { status, headers, contentLength: Number(length ?? 0), rest };
}
