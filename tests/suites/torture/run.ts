import { delay } from "@std/async/delay";
import { TempFolder } from "../../support/temp_folder.ts";
import type { Findings } from "./findings.ts";
import type { Random } from "./random.ts";
import { underLoad } from "./round.ts";
import { Siege, type SiegeOptions } from "./siege.ts";

/** What a scene has to work with. */
export interface Run {
  readonly random: Random;
  /** Of `performance.now()`: when the scene should come to its end. */
  readonly endsAt: number;
  /** The least number of kills, however long they take. */
  readonly kills: number;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  readonly findings: Findings;
  readonly write: (line: string) => void;
  /** Counts a kill. */
  readonly killed: () => void;
}

/** One kind of trouble, with a daemon of its own. */
export interface Scene {
  readonly name: string;
  /** Its part of the whole time, from 0 to 1. */
  readonly part: number;
  /** Why this machine cannot play it; null if it can. */
  obstacle(): Promise<string | null>;
  play(run: Run): Promise<void>;
}

/** What is special about a siege, given the only folder in which its daemon may write. */
export type Special = (folder: string) => Promise<Surroundings>;

interface Surroundings extends Pick<SiegeOptions, "cacheRoot" | "env"> {
  /** Undoes what was done to the folder; called when the daemon has ended. */
  readonly release?: () => Promise<void>;
}

export const NOTHING_SPECIAL: Special = () => Promise.resolve({});

/** Plays with a new siege, and leaves nothing behind. */
export async function withSiege(
  { random, findings, write, signal }: Run,
  special: Special,
  play: (siege: Siege) => Promise<void>,
): Promise<void> {
  await using folder = await TempFolder.create("pkgstash-torture-");
  const { release = () => Promise.resolve(), ...options } = await special(folder.path);
  await using _released = { [Symbol.asyncDispose]: release };
  await using siege = await Siege.prepare({ folder, random, findings, write, ...options });
  await play(siege);
  if (!signal.aborted) await siege.stop();
  write(siege.account());
}

/**
 * Starts the daemon and lets clients and mirrors loose for `lifeMs`; `meanwhile` runs at the same
 * time. The promise that it returns ends with the last client: before, the daemon can be killed.
 */
export async function liveFor(
  siege: Siege,
  { random, signal }: Pick<Run, "random" | "signal">,
  lifeMs: number,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<{ load: Promise<void> }> {
  if (!siege.isRunning) await siege.start();
  const ended = new AbortController();
  const load = underLoad(siege, random, AbortSignal.any([ended.signal, signal]));
  try {
    await Promise.all([meanwhile(), delay(lifeMs, { signal })]);
    ended.abort();
    return { load };
  } catch (error) {
    ended.abort();
    await load;
    throw error;
  }
}
