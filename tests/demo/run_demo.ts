import { bold, dim } from "@std/fmt/colors";
import { closingTable } from "./closing_table.ts";
import { allMirrorsDown } from "./scenes/all_mirrors_down.ts";
import { dyingMirror } from "./scenes/dying_mirror.ts";
import { falseAnswers } from "./scenes/false_answers.ts";
import { firstClient } from "./scenes/first_client.ts";
import { lateClient } from "./scenes/late_client.ts";
import { singleFlight } from "./scenes/single_flight.ts";
import { Stage } from "./stage.ts";
import { Story } from "./story.ts";

/** Milliseconds after which something must be stuck. */
const TOO_LONG = 60_000;

export interface DemoOptions {
  write: (line: string) => void;
  /** Breaks the demo off; it cleans up and throws the signal's reason. */
  signal?: AbortSignal;
  /** How many times as fast as it is meant to be watched; 1 by default. */
  haste?: number;
  /** Spoils a byte of a package in the cache, to see whether the demo notices. */
  tamper?: boolean;
}

/** Plays the demo. True if every byte was right and everything was survived. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { write, haste = 1, tamper = false } = options;
  const controller = new AbortController();
  const abort = () => controller.abort(options.signal?.reason);
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort);
  const watchdog = setTimeout(() => {
    controller.abort(new Error(`The demo is stuck: not done after ${TOO_LONG / 1000} s`));
  }, TOO_LONG);
  try {
    return await play(new Story(write, controller.signal), controller.signal, haste, tamper);
  } finally {
    clearTimeout(watchdog);
    options.signal?.removeEventListener("abort", abort);
  }
}

async function play(
  story: Story,
  signal: AbortSignal,
  haste: number,
  tamper: boolean,
): Promise<boolean> {
  await using stage = await Stage.set(story, signal, haste);
  const scenes = [firstClient, singleFlight, dyingMirror, falseAnswers, lateClient, allMirrorsDown];
  story.line(bold("pkgstash demo") + dim("  two mirrors, a handful of clients, no network"));
  story.line();
  stage.introduce();
  for (const scene of scenes) {
    if (tamper && scene === lateClient) await stage.tamperWith(stage.catalogue.linux);
    await scene(stage);
    await stage.settle();
  }
  for (const line of closingTable(stage)) story.line(line);
  return stage.ledger.isClean;
}
