import { bold, dim } from "@std/fmt/colors";
import { closingTable } from "./closing_table.ts";
import { allMirrorsDown } from "./scenes/all_mirrors_down.ts";
import { dyingMirror } from "./scenes/dying_mirror.ts";
import { wrongContent } from "./scenes/wrong_content.ts";
import { firstClient } from "./scenes/first_client.ts";
import { lateClient } from "./scenes/late_client.ts";
import { singleFlight } from "./scenes/single_flight.ts";
import { Stage } from "./stage.ts";
import { Story } from "./story.ts";

/** A run takes about 13 seconds. */
const TIMEOUT_MS = 60_000;

export interface DemoOptions {
  write: (line: string) => void;
  /** Aborting it breaks the demo off, which then cleans up and throws the signal's reason. */
  signal?: AbortSignal;
  /** 1, the default, is the speed at which people can watch; 10 is ten times as fast. */
  haste?: number;
  /** Changes a byte of a package in the cache, to test that the demo notices. */
  tamper?: boolean;
}

/** Plays the demo. Returns whether every byte was right and every trial was survived. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { write, haste = 1, tamper = false } = options;
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, ...options.signal ? [options.signal] : []]);
  const timer = setTimeout(() => {
    timeout.abort(new Error(`The demo is stuck: it has not ended after ${TIMEOUT_MS / 1000} s.`));
  }, TIMEOUT_MS);
  try {
    await using stage = await Stage.set(new Story(write, signal), signal, haste);
    return await play(stage, tamper);
  } finally {
    clearTimeout(timer);
  }
}

async function play(stage: Stage, tamper: boolean): Promise<boolean> {
  const { story } = stage;
  const scenes = [firstClient, singleFlight, dyingMirror, wrongContent, lateClient, allMirrorsDown];
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
