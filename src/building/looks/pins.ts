import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import type { Fact } from "../review/fact.ts";
import type { SourceTree } from "../source_tree.ts";
import { isUsable, type Pin } from "./look.ts";

/** The pins that a change adds, or why they cannot be looked up. */
export type ChangedPins =
  | { readonly pins: readonly Pin[] }
  | { readonly fault: string };

const GIT = /^(?:[^:]+::)?git(?:\+(?=[a-z]+:)|(?=:\/\/))([^#?]+)[^#]*#(tag|commit)=([^?#]+)/;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const TAG = /^(?!-)[!-~]{1,200}$/;
/** A commit, possibly abbreviated. */
const HASH = /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{7,64}(?![0-9a-z])/g;
const MOST_PINS = 20;

/** The pins that the accepted tree does not have. `facts` come from judging both trees. */
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
      return { fault: `git cannot verify whether ${hash} belongs to its source` };
    }
    const isPlain = kind === "commit" ? COMMIT.test(value) : TAG.test(value);
    if (!isPlain || !isUsable({ url, reference: "HEAD" })) {
      return { fault: `the ${kind} ${value} of ${url} cannot be looked up` };
    }
    pins.push({ url, kind, value });
  }
  const loose = facts.filter((each) => each.class === "pin").map(({ after }) => plain(after))
    .find((after) => !pins.some(({ value }) => value.includes(after) || after.includes(value)));
  if (loose !== undefined) return { fault: `${loose} does not pin a git source` };
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
