import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import type { Fact } from "../review/fact.ts";
import type { SourceTree } from "../source_tree.ts";
import { isUsable, type Pin } from "./look.ts";

/** The pins that a change brings, or why they cannot be looked up, in a sentence. */
export type ChangedPins =
  | { readonly pins: readonly Pin[] }
  | { readonly fault: string };

const GIT = /^(?:[^:]+::)?git(?:\+(?=[a-z]+:)|(?=:\/\/))([^#?]+)[^#]*#(tag|commit)=([^?#]+)/;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const TAG = /^(?!-)[!-~]{1,200}$/;
/** As commits are written, also shortened. */
const HASH = /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{7,64}(?![0-9a-z])/g;
const MOST_PINS = 20;

/** Which pins a tree has that the accepted one lacks. `facts` are those of the judgement on both. */
export function changedPins(
  accepted: SourceTree,
  candidate: SourceTree,
  facts: readonly Fact[],
): ChangedPins {
  const before = new Set(sourcesOf(accepted));
  const changed = sourcesOf(candidate).filter((entry) => !before.has(entry));
  const pins: Pin[] = [];
  for (const entry of changed) {
    const [, url = "", kind, value = ""] = GIT.exec(entry) ?? [];
    if (kind !== "tag" && kind !== "commit") {
      const known = [...before].join(" ");
      const hash = [...entry.matchAll(HASH)].map(([text]) => text).find((each) =>
        !known.includes(each)
      );
      if (hash === undefined) continue;
      return { fault: `whether ${hash} belongs to its source cannot be looked up without git` };
    }
    const isPlain = kind === "commit" ? COMMIT.test(value) : TAG.test(value);
    if (!isPlain || !isUsable({ url, reference: "HEAD" })) {
      return { fault: `the ${kind} ${value} of ${url} cannot be looked up` };
    }
    pins.push({ url, kind, value });
  }
  const loose = facts.filter((each) => each.class === "pin").map(({ after }) => plain(after))
    .find((after) => !pins.some(({ value }) => value.includes(after) || after.includes(value)));
  if (loose !== undefined) return { fault: `${loose} is a pin of no git source` };
  if (pins.length > MOST_PINS) return { fault: `it has more than ${MOST_PINS} pins` };
  return { pins };
}

function sourcesOf(tree: SourceTree): string[] {
  const content = tree.get(".SRCINFO")?.content ?? new Uint8Array(0);
  const { base } = parseSrcinfo(new TextDecoder().decode(content));
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key)).map(({ value }) => value);
}

function plain(text: string | null): string {
  return (text ?? "").replace(/^[^=]*=(?=['"]?[^'"=]*['"]?$)/, "").replace(/^['"]|['"]$/g, "")
    .trim();
}
