import { assert } from "@std/assert";
import { eventLoopTurn } from "../../../src/async/event_loop_turn.ts";

/** Arriving, being read, and the promise of whoever waits. */
const TURNS = 4;

Deno.test("event loop turn: what has come by a socket is read within a few turns of a busy program", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using server = await listener.accept();
  const buffer = new Uint8Array(1);
  for (let round = 0; round < 5; round++) {
    let isRead = false;
    const reading = server.read(buffer).then(() => isRead = true);
    // The read waits for the socket before anything is there.
    await eventLoopTurn();
    await client.write(new Uint8Array([round]));
    let turns = 0;
    for (; !isRead; turns++) await eventLoopTurn();
    await reading;
    assert(turns <= TURNS, `after ${turns} turns`);
  }
});
