/**
 * Shows pkgstash at work without a network: `deno task demo`. The exit code is 0 only if every byte
 * was right and every trial survived, and 130 after an interruption.
 */
import { setColorEnabled } from "@std/fmt/colors";
import { reasonOf } from "../../src/errors.ts";
import { runDemo } from "./run_demo.ts";

const interruption = new AbortController();
const signals = ["SIGINT", "SIGTERM"] as const;
const interrupt = () => {
  // A second signal ends the program at once.
  for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  interruption.abort();
};
for (const signal of signals) Deno.addSignalListener(signal, interrupt);

setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
try {
  const passed = await runDemo({ write: (line) => console.log(line), signal: interruption.signal });
  Deno.exitCode = passed ? 0 : 1;
} catch (error) {
  const interrupted = interruption.signal.aborted;
  console.error(interrupted ? "\nInterrupted, cleaned up." : `The demo failed: ${reasonOf(error)}`);
  Deno.exitCode = interrupted ? 130 : 1;
} finally {
  if (!interruption.signal.aborted) interrupt();
}
