import { assertEquals } from "@std/assert";
import { hostNameOf, type PointerResolver } from "../../../src/history/reverse_names.ts";

/** A name server on loopback that knows pointers, and the resolver of the system that asks it. */
class NameServer implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #pointers: Readonly<Record<string, string | null>>;
  readonly #serving: Promise<void>;

  /** A name with null gets no answer; a name that is missing does not exist. */
  constructor(pointers: Readonly<Record<string, string | null>>) {
    this.#pointers = pointers;
    this.#serving = this.#serve();
  }

  get resolve(): PointerResolver {
    const { hostname, port } = this.#socket.addr as Deno.NetAddr;
    const nameServer = { ipAddr: hostname, port };
    return (name, signal) => Deno.resolveDns(name, "PTR", { nameServer, signal });
  }

  async #serve(): Promise<void> {
    for await (const [query, from] of this.#socket) {
      const name = nameAt(query, 12).replace(/\.$/, "").toLowerCase();
      this.asked.push(name);
      const pointer = this.#pointers[name];
      if (pointer !== null) await this.#socket.send(answerTo(query, pointer), from);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#serving;
  }
}

/** A name of a message, from its labels (RFC 1035, section 3.1). */
function nameAt(message: Uint8Array, start: number): string {
  let name = "";
  for (let at = start, length; (length = message[at]!) > 0; at += length + 1) {
    name += `${new TextDecoder().decode(message.subarray(at + 1, at + 1 + length))}.`;
  }
  return name;
}

/** The answer to a query for one name: a pointer, or that there is no such name. */
function answerTo(query: Uint8Array, pointer: string | undefined): Uint8Array {
  const labels = (pointer ?? "").split(".").filter((label) => label !== "");
  const data = [...labels.flatMap((each) => [each.length, ...new TextEncoder().encode(each)]), 0];
  let end = 12;
  while (query[end]! > 0) end += query[end]! + 1;
  const question = query.subarray(12, end + 5);
  const hasAnswer = pointer !== undefined;
  return Uint8Array.from([
    ...query.subarray(0, 2),
    // An answer, with recursion; 3 is for a name that does not exist.
    ...[0x81, hasAnswer ? 0x80 : 0x83, 0, 1, 0, hasAnswer ? 1 : 0, 0, 0, 0, 0],
    ...question,
    ...(hasAnswer
      // The name of the question, PTR, IN, an hour.
      ? [0xc0, 12, 0, 12, 0, 1, 0, 0, 0x0e, 0x10, data.length >> 8, data.length & 255, ...data]
      : []),
  ]);
}

const NEVER = new AbortController().signal;

Deno.test("the name from a real name server is shown, for IPv4 and IPv6", async () => {
  await using server = new NameServer({
    "5.2.0.192.in-addr.arpa": "Desk.Lan",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": "v6.example.org",
  });
  assertEquals(await hostNameOf("192.0.2.5", NEVER, server.resolve), "desk.lan");
  assertEquals(await hostNameOf("2001:db8::1", NEVER, server.resolve), "v6.example.org");
  assertEquals(await hostNameOf("192.0.2.6", NEVER, server.resolve), null, "there is no such name");
});

Deno.test("an invalid name from a name server is ignored", async () => {
  for (const odd of ["<b>x</b>.lan", "a b.lan", "\x1b[2J.lan", "-.lan"]) {
    await using server = new NameServer({ "5.2.0.192.in-addr.arpa": odd });
    assertEquals(await hostNameOf("192.0.2.5", NEVER, server.resolve), null, odd);
  }
});

Deno.test("a silent name server is awaited only until the timeout or a stop", async () => {
  await using server = new NameServer({ "5.2.0.192.in-addr.arpa": null });
  let wasStopped = false;
  const watched: PointerResolver = (name, signal) => {
    signal.addEventListener("abort", () => wasStopped = true);
    return server.resolve(name, signal);
  };
  assertEquals(await hostNameOf("192.0.2.5", NEVER, watched, 200), null);
  assertEquals(wasStopped, true, "by itself it goes on for 15 seconds");
  const stop = new AbortController();
  const asking = hostNameOf("192.0.2.5", stop.signal, server.resolve, 60_000);
  stop.abort();
  assertEquals(await asking, null);
});
