import { readHead, sendRequest } from "./client.ts";

const PIECE_BYTES = 64 * 1024;
/** More at once than a backlog holds would have to knock again. */
const AT_ONCE = 50;

/** Clients that take a file slowly, each on a connection of its own, until they are disposed of. */
export class SlowReaders implements AsyncDisposable {
  readonly #connections: Deno.TcpConn[] = [];
  readonly #reading: Promise<void>[] = [];
  #stopped = false;

  /** Connects `count` clients that each read `bytesPerSecond`; resolves when all have begun. */
  static async start(
    options: { port: number; path: string; count: number; bytesPerSecond: number },
  ): Promise<SlowReaders> {
    const readers = new SlowReaders();
    try {
      for (let left = options.count; left > 0; left -= AT_ONCE) {
        const count = Math.min(AT_ONCE, left);
        await Promise.all(Array.from({ length: count }, () => readers.#begin(options)));
      }
      return readers;
    } catch (error) {
      await readers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends all of them. @throws {Error} if one of them was cut off before that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const connection of this.#connections) connection.close();
    await Promise.all(this.#reading);
  }

  async #begin({ port, path, bytesPerSecond }: {
    port: number;
    path: string;
    bytesPerSecond: number;
  }): Promise<void> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#connections.push(connection);
    await sendRequest(connection, path);
    const { status } = await readHead(connection);
    if (status !== 200) throw new Error(`A slow reader got status ${status} for ${path}`);
    const reading = this.#read(connection, bytesPerSecond);
    // It is awaited in the end; until then a failure must not end this process.
    reading.catch(() => {});
    this.#reading.push(reading);
  }

  async #read(connection: Deno.TcpConn, bytesPerSecond: number): Promise<void> {
    const buffer = new Uint8Array(PIECE_BYTES);
    try {
      while (!this.#stopped) {
        const count = await connection.read(buffer);
        if (count === null) throw new Error("A slow reader was cut off");
        // A smaller piece came sooner, and shortens the pause to hold the rate.
        const pauseMs = 1000 * count / bytesPerSecond;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    } catch (error) {
      // Closing a connection interrupts its read.
      if (!this.#stopped) throw error;
    }
  }
}
