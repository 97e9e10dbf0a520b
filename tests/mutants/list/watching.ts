import type { Mutant } from "../mutant.ts";

const DECISION = ["building/decisions/decision_test.ts"];

/** What is watched, and what passes without a person. */
export const WATCHING: readonly Mutant[] = [
  {
    file: "building/decisions/inspection.ts",
    find: "each.treeHash !== treeHash && seen.includes(each.treeHash)",
    replace: "seen.includes(each.treeHash)",
    breaks: "what waits can be compared with itself, so that nothing seems to change",
    killedBy: ["building/decisions/inspection_test.ts"],
  },
  {
    file: "building/decisions/decision.ts",
    find: "if (accepted === null || reasons.length > 0)",
    replace: "if (accepted !== null && reasons.length > 0)",
    breaks: "a first build passes by itself",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "candidate.pushedAt + coolDownMs, calmAt",
    replace: "candidate.pushedAt, calmAt",
    breaks: "nothing cools down",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "candidate.pushedAt + coolDownMs, calmAt",
    replace: "candidate.pushedAt + coolDownMs",
    breaks: "a new maintainer starts no longer cool-down",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "maintainers.some(({ at }) => at > accepted.at) || maintainersDiffer(watched)",
    replace: "maintainers.some(({ at }) => at > accepted.at) && maintainersDiffer(watched)",
    breaks: "a maintainer who came and went is forgotten",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "isRestless && cooled !== undefined && allPass",
    replace: "isRestless && cooled !== undefined",
    breaks: "an older tree passes before a change that a person must see",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "    default:\n      return false;",
    replace: "    default:\n      return true;",
    breaks: "a tree that was not judged passes",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/decision.ts",
    find: "return rules.approvePins &&",
    replace: "return",
    breaks: "pins pass although their key is off",
    killedBy: DECISION,
  },
  {
    file: "building/decisions/approvals.ts",
    find: "    candidate.treeHash,\n    watched.maintainers",
    replace: "    watched.maintainers",
    breaks: "an approval holds for other files than were shown",
    killedBy: ["building/building_test.ts: an approval is void once the tree changes"],
  },
  {
    file: "building/decisions/approvals.ts",
    find: "    watched.maintainers.at(-1)?.maintainer ?? null,\n",
    replace: "",
    breaks: "an approval holds after the maintainer has changed",
    killedBy: [
      "building/building_test.ts: an approval is void once the maintainers change, even if the tree does not",
    ],
  },
  {
    file: "building/decisions/decisions.ts",
    find: "coMaintainers, isQueued: false }",
    replace: "coMaintainers, isQueued: true }",
    breaks: "what was accepted is never built",
    killedBy: [
      "building/building_test.ts: a first build is queued only once a person approves its tree",
    ],
  },
  {
    file: "building/trees.ts",
    find: 'if (await treeHash(tree) !== hash) throw damaged(path, "its content has changed");',
    replace: "",
    breaks: "files that were changed on disk count as accepted",
    killedBy: ["building/trees_test.ts"],
  },
  {
    file: "building/watch/aur_changes.ts",
    find: "const ANSWERS_UNTIL_GONE = 2;",
    replace: "const ANSWERS_UNTIL_GONE = 1;",
    breaks: "a package is gone after one answer without it",
    killedBy: [
      "building/building_test.ts: a package missing from two answers in a row is reported once, and stays accepted",
    ],
  },
  {
    file: "building/watch/watcher.ts",
    find: "    if (metadata.base !== base) {",
    replace: "    if (metadata.base === null) {",
    breaks: "the files of another package are taken",
    killedBy: ["building/building_test.ts: files of another package base are refused"],
  },
  {
    file: "formats/aur/rpc_answer.ts",
    find:
      '  if (envelope["resultcount"] !== results.length) throw malformed("it lacks some results");\n',
    replace: "",
    breaks: "half an answer makes packages vanish",
    killedBy: ["formats/aur/rpc_answer_test.ts"],
  },
  {
    file: "building/watch/tree_archive.ts",
    find: ' && segment !== "..");',
    replace: ");",
    breaks: "a path leads out of its tree",
    killedBy: ["building/watch/tree_archive_test.ts"],
  },
];
