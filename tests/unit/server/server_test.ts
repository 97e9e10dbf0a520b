import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import type { Listener } from "../../../src/server/listener.ts";
import { Server } from "../../../src/server/server.ts";
import { LogLines } from "../../support/log_lines.ts";

/** A server whose listener fails with these errors, and then waits for a connection. */
async function serverAfter(
  errors: readonly Error[],
): Promise<{ server: Server; waiting: Promise<void> }> {
  const waiting = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  const left = [...errors];
  const listener = {
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 8090 },
    accept: () => {
      const error = left.shift();
      if (error !== undefined) return Promise.reject(error);
      waiting.resolve();
      return closed.promise;
    },
    close: () => closed.reject(new Deno.errors.BadResource("closed")),
  };
  const server = await Server.listen(
    { listenAddress: "127.0.0.1", port: 0, tlsCertificate: null, tlsKey: null },
    {
      handler: () => Promise.resolve(new Response()),
      limits: () => ({ maxConnections: 0, maxClientConnections: 0, idleTimeoutMs: 60_000 }),
      isProxy: () => false,
    },
    () => listener as unknown as Listener,
  );
  return { server, waiting: waiting.promise };
}

Deno.test("clients that leave before they are accepted delay nobody", async () => {
  const log = new LogLines();
  const { server, waiting } = await serverAfter(
    Array.from(
      { length: 500 },
      (_, index) => new Error(`gone (os error ${[103, 104, 107, 22][index % 4]})`),
    ),
  );
  await deadline(waiting, 10_000);
  await server.stop(0);
  assertEquals(log.matching(/WARN/), []);
});

Deno.test("any other failure to accept is logged once, and survived", async () => {
  const log = new LogLines();
  const { server, waiting } = await serverAfter([
    new Error("Too many open files (os error 24)"),
    new Error("Too many open files in system (os error 23)"),
    new Error("anything"),
  ]);
  await waiting;
  await server.stop(0);
  assertEquals(log.matching(/WARN.*cannot accept a connection, continuing/).length, 1);
});
