/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The thread of `Probe`: sends `[]` after the first answer, and all times when it is stopped. */
import { readHead, sendRequest } from "./client.ts";

const PAUSE_MS = 5;

let isStopped = false;

self.onmessage = ({ data }) => {
  if (data === "stop") isStopped = true;
  else probe(data).catch((error) => self.postMessage(String(error)));
};

async function probe({ port, path }: { port: number; path: string }): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const times: number[] = [];
  while (!isStopped || times.length === 0) {
    const startedAt = performance.now();
    await sendRequest(connection, path);
    const { status, contentLength, rest } = await readHead(connection);
    if (status !== 200) throw new Error(`status ${status} for ${path}`);
    const scratch = new Uint8Array(contentLength);
    for (let received = rest.length; received < contentLength;) {
      const count = await connection.read(scratch);
      if (count === null) throw new Error(`${path} ended early`);
      received += count;
    }
    times.push(performance.now() - startedAt);
    if (times.length === 1) self.postMessage([]);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  self.postMessage(times);
}
