/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The thread of `SlowMirrors`: passes connections on, and what comes back at a limited rate. */
import type { SlowMirrorsOrder } from "./slow_mirrors.ts";

const PIECE_BYTES = 64 * 1024;
/** What a timer may be late without loss of rate. */
const CREDIT_MS = 20;

self.onmessage = ({ data: { target, count, bytesPerSecond } }: MessageEvent<SlowMirrorsOrder>) => {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  for (const listener of listeners) accept(listener, target, new Rate(bytesPerSecond));
  self.postMessage(listeners.map(({ addr }) => addr.port));
};

/** Shared by all connections of a mirror. */
class Rate {
  readonly #bytesPerMs: number;
  #free = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Resolves when so many bytes may be sent. */
  async take(bytes: number): Promise<void> {
    const now = performance.now();
    const start = Math.max(now - CREDIT_MS, this.#free);
    this.#free = start + bytes / this.#bytesPerMs;
    if (start > now) await new Promise((resolve) => setTimeout(resolve, start - now));
  }
}

async function accept(listener: Deno.TcpListener, target: number, rate: Rate): Promise<void> {
  for await (const client of listener) {
    // Whichever side ends it, for whatever reason, the other one sees it.
    pass(client, target, rate).catch(() => {});
  }
}

async function pass(client: Deno.TcpConn, target: number, rate: Rate): Promise<void> {
  using _client = client;
  using mirror = await Deno.connect({ hostname: "127.0.0.1", port: target });
  await Promise.race([copy(client, mirror), copy(mirror, client, rate)]);
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn, rate?: Rate): Promise<void> {
  const buffer = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return;
    await rate?.take(count);
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
}
