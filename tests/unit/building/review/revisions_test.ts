import { assert, assertEquals } from "@std/assert";
import { judge } from "../../../../src/building/review/judge.ts";
import type { Verdict } from "../../../../src/building/review/fact.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../../support/real_data.ts";
import { revisions } from "../../../support/revisions.ts";
import { treeOf } from "../../../support/source_trees.ts";

const LABELS = ["bump", "pin", "other", "hostile"] as const;
const VERDICTS = ["bump", "pin", "harmless", "review"] as const;

Deno.test({
  name: `real revisions: only bumps pass as bumps, and nearly all of them do${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  fn: async () => {
    const all = [...await revisions("pairs.jsonl"), ...await revisions("hostile.jsonl")];
    const judged = all.map((revision) => ({
      ...revision,
      verdict: judge(treeOf(revision.old), treeOf(revision.new)).verdict,
    }));
    const count = (label: string, verdict: Verdict) =>
      judged.filter((each) => each.label === label && each.verdict === verdict).length;
    console.table(Object.fromEntries(LABELS.map((label) => [
      label,
      Object.fromEntries(VERDICTS.map((verdict) => [verdict, count(label, verdict)])),
    ])));
    const wrong = judged.filter(({ label, verdict }) => verdict === "bump" && label !== "bump");
    assertEquals(wrong.map(({ id }) => id), []);
    const bumps = judged.filter(({ label }) => label === "bump");
    const missed = bumps.filter(({ verdict }) => verdict !== "bump").map(({ id }) => id);
    assert(missed.length <= 0.03 * bumps.length, `too many bumps are held: ${missed.join(" ")}`);
    const pins = judged.filter(({ label }) => label === "pin");
    assert(pins.filter(({ verdict }) => verdict === "pin").length >= 0.9 * pins.length);
  },
});

Deno.test({
  name: `real revisions: a tree compared with itself has no changes${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  fn: async () => {
    for (const revision of await revisions("pairs.jsonl")) {
      const tree = treeOf(revision.new);
      assertEquals(judge(tree, tree), { verdict: "harmless", facts: [] }, revision.id);
    }
  },
});
