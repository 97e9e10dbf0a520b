import { realBytes } from "./real_data.ts";
import type { WrittenFile } from "./source_trees.ts";

/** Two revisions of a package source, one after the other, with what a person says of the change. */
export interface Revision {
  readonly id: string;
  readonly label: "bump" | "pin" | "other" | "hostile";
  /** What was done to a hostile one, such as `source-host`. */
  readonly attack?: string;
  readonly pkgbase: string;
  readonly old: Readonly<Record<string, WrittenFile>>;
  readonly new: Readonly<Record<string, WrittenFile>>;
}

/** The labelled revisions of real packages, of `pairs.jsonl` or `hostile.jsonl`. */
export async function revisions(file: "pairs.jsonl" | "hostile.jsonl"): Promise<Revision[]> {
  const text = new TextDecoder().decode(await realBytes(`aur/${file}`));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}
