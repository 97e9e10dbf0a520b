import { assertEquals } from "@std/assert";
import { type ConnectionLimits, Connections } from "../../../src/server/connections.ts";

const UNLIMITED = { maxConnections: 0, maxClientConnections: 0, idleTimeoutMs: 0 };

/** Connections by name, with a clock and a record of those that were closed. */
class Bench {
  now = 0;
  readonly closed: string[] = [];
  readonly connections: Connections;
  readonly #byName = new Map<string, { address: string; close(): void }>();

  constructor(limits: Partial<ConnectionLimits>, proxies: readonly string[] = []) {
    this.connections = new Connections(
      () => ({ ...UNLIMITED, ...limits }),
      (address) => proxies.includes(address),
      () => this.now,
    );
  }

  /** Opens a connection if there is room, and returns why not. */
  open(name: string, address = "192.0.2.1"): string | null {
    const refusal = this.connections.makeRoom(address);
    if (refusal !== null) return refusal;
    const connection = { address, close: () => this.closed.push(name) };
    this.#byName.set(name, connection);
    this.connections.add(connection);
    this.now++;
    return null;
  }

  ask(...names: string[]): void {
    for (const name of names) this.connections.setIdle(this.#byName.get(name)!, false);
  }

  answer(name: string): void {
    this.connections.setIdle(this.#byName.get(name)!, true);
    this.now++;
  }
}

Deno.test("a new connection replaces the one idle for the longest, even if that was busy before", () => {
  const bench = new Bench({ maxConnections: 3 });
  for (const name of ["a", "b", "c"]) assertEquals(bench.open(name), null);
  bench.ask("a");
  bench.answer("a");
  assertEquals(bench.open("d"), null);
  assertEquals(bench.open("e"), null);
  assertEquals(bench.open("f"), null);
  assertEquals(bench.closed, ["b", "c", "a"]);
  assertEquals(bench.connections.size, 3);
});

Deno.test("a connection with a request is never closed for another, which is refused", () => {
  const bench = new Bench({ maxConnections: 2 });
  for (const name of ["a", "b"]) bench.open(name);
  bench.ask("a", "b");
  assertEquals(bench.open("c"), "all");
  bench.answer("a");
  assertEquals(bench.open("d"), null);
  assertEquals(bench.closed, ["a"]);
});

Deno.test("a client at its limit loses its own idle connection and nobody else's", () => {
  const bench = new Bench({ maxClientConnections: 2 });
  bench.open("other", "198.51.100.1");
  for (const name of ["a", "b", "c"]) assertEquals(bench.open(name), null);
  assertEquals(bench.closed, ["a"]);
  bench.ask("b", "c");
  assertEquals(bench.open("d"), "client");
  assertEquals(bench.open("more", "198.51.100.1"), null);
});

Deno.test("an IPv6 client cannot exceed its limit by changing addresses in its network", () => {
  const bench = new Bench({ maxClientConnections: 2 });
  for (const host of [1, 2, 3]) bench.open(`${host}`, `2001:db8::${host}`);
  bench.open("far", "2001:db8:0:1::1");
  assertEquals(bench.closed, ["1"]);
});

Deno.test("a proxy's connections belong to many clients, and count only towards the total", () => {
  const bench = new Bench({ maxClientConnections: 1, maxConnections: 3 }, ["127.0.0.1"]);
  for (const name of ["a", "b", "c"]) assertEquals(bench.open(name, "127.0.0.1"), null);
  assertEquals(bench.closed, []);
  bench.open("d", "127.0.0.1");
  assertEquals(bench.closed, ["a"]);
});

Deno.test("a connection idle for idle_timeout is closed, one with a request is not", () => {
  const bench = new Bench({ idleTimeoutMs: 100 });
  for (const name of ["busy", "old", "young"]) bench.open(name);
  bench.ask("busy");
  bench.now = 101;
  bench.connections.closeIdle();
  assertEquals(bench.closed, ["old"]);
  bench.answer("busy");
  bench.now = 102;
  bench.connections.closeIdle();
  assertEquals(bench.closed, ["old", "young"]);
  bench.now = 202;
  bench.connections.closeIdle();
  assertEquals(bench.closed, ["old", "young", "busy"]);
});

Deno.test("idle_timeout 0 closes nothing", () => {
  const bench = new Bench({});
  bench.open("a");
  bench.now = 1e12;
  bench.connections.closeIdle();
  assertEquals(bench.closed, []);
});

Deno.test("when files run out, half of the idle connections are closed, and fewer are allowed for a while", () => {
  const bench = new Bench({});
  for (let number = 0; number < 40; number++) bench.open(`${number}`);
  bench.ask("0", "1");
  bench.connections.shed();
  assertEquals(bench.closed, Array.from({ length: 19 }, (_, index) => `${index + 2}`));
  for (let number = 40; number < 60; number++) bench.open(`${number}`);
  assertEquals(bench.connections.size, 30);
  bench.now += 300_001;
  for (let number = 60; number < 90; number++) bench.open(`${number}`);
  assertEquals(bench.connections.size, 60);
});

Deno.test("a connection that is closed twice is counted once", () => {
  const bench = new Bench({ maxConnections: 1 });
  bench.open("a");
  bench.open("b");
  for (const connection of [...bench.connections]) {
    bench.connections.remove(connection);
    bench.connections.remove(connection);
  }
  assertEquals(bench.connections.size, 0);
  assertEquals(bench.open("c"), null);
});
