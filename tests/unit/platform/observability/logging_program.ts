// Waits for the end of its standard input, logs as many lines as its argument says, in turns of the
// event loop, and says on the standard error that it got that far.
import { configureLogging, logAccess } from "../../../../src/platform/observability/logging.ts";
import { eventLoopTurn } from "../../../../src/async/event_loop_turn.ts";

configureLogging({ level: "info", format: "text" });
await new Response(Deno.stdin.readable).arrayBuffer();
const count = Number(Deno.args[0]);
for (let number = 0; number < count; number++) {
  logAccess({ number });
  if (number % 100 === 0) await eventLoopTurn();
}
await Deno.stderr.write(new TextEncoder().encode("done"));
