// Waits for the end of its standard input, logs a thousand lines, and says on the standard error
// that it got that far.
import { accessLogger, configureLogging } from "../../../../src/platform/observability/logging.ts";

configureLogging({ level: "info", format: "text" });
await new Response(Deno.stdin.readable).arrayBuffer();
for (let number = 0; number < 1000; number++) accessLogger().info("request", { number });
await Deno.stderr.write(new TextEncoder().encode("done"));
