import { assertEquals } from "@std/assert";
import {
  decide,
  type Decision,
  type DecisionInput,
} from "../../../../src/building/decisions/decision.ts";
import type { Verdict } from "../../../../src/building/review/fact.ts";
import {
  type Accepted,
  type Candidate,
  newPackage,
  type WatchedPackage,
} from "../../../../src/building/packages/watched_package.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 1);

const RULES = {
  coolDownMs: DAY,
  newMaintainerCoolDownMs: 7 * DAY,
  approvePins: false,
  approveHarmless: false,
};

const KEEPER = { maintainer: "keeper", coMaintainers: ["helper"] };

const accepted: Accepted = {
  treeHash: "a",
  version: "1-1",
  at: START,
  by: "administrator",
  reason: "",
  isQueued: true,
  ...KEEPER,
};

/** A tree pushed this many milliseconds after the start. */
const pushed = (treeHash: string, after: number, version = `2-${treeHash}`): Candidate => ({
  treeHash,
  version,
  pushedAt: START + after,
  seenAt: START + after,
});

function watching(change: Partial<WatchedPackage> = {}): WatchedPackage {
  return {
    ...newPackage({
      base: "foo",
      names: ["foo"],
      source: { kind: "aur" },
      added: { at: START - DAY, by: "administrator" },
      group: "g",
      isDependency: false,
      needs: [],
    }),
    maintainers: [{ at: START - DAY, ...KEEPER }],
    accepted,
    candidates: [pushed("b", HOUR)],
    ...change,
  };
}

interface Case {
  watched?: Partial<WatchedPackage>;
  verdicts?: Record<string, Verdict>;
  rules?: Partial<DecisionInput["rules"]>;
  unacceptedNeeds?: string[];
  patchFaults?: Record<string, string>;
  pinFaults?: Record<string, string | null>;
  isGone?: boolean;
  /** Milliseconds since the start. */
  after: number;
}

function decision(
  { watched, verdicts, rules, unacceptedNeeds, patchFaults, pinFaults, isGone, after }: Case,
): Decision {
  const input = watching(watched);
  const bumps = Object.fromEntries(input.candidates.map(({ treeHash }) => [treeHash, "bump"]));
  return decide({
    watched: input,
    verdicts: new Map(Object.entries({ ...bumps, ...verdicts } as Record<string, Verdict>)),
    rules: { ...RULES, ...rules },
    patchFaults: new Map(Object.entries(patchFaults ?? {})),
    pinFaults: new Map(Object.entries(pinFaults ?? {})),
    unacceptedNeeds: unacceptedNeeds ?? [],
    isGone: isGone ?? false,
    now: START + after,
  });
}

/** Kind, tree and reasons in one line. */
function told(decision: Decision): string {
  switch (decision.kind) {
    case "settled":
      return "settled";
    case "held":
      return `held: ${decision.reason}`;
    case "accept":
      return `accept ${decision.candidate.treeHash}`;
    case "wait":
      return `wait ${decision.candidate.treeHash} ${
        decision.until === null ? "for others" : (decision.until - START) / HOUR
      }`;
    case "ask":
      return `ask ${decision.candidate.treeHash}: ${decision.reasons.join("; ")}`;
  }
}

Deno.test("a version bump passes once its cool-down is over, and not a moment before", () => {
  assertEquals(told(decision({ after: 25 * HOUR - 1 })), "wait b 25");
  assertEquals(told(decision({ after: 25 * HOUR })), "accept b");
});

Deno.test("a first build waits for a person, however old it is", () => {
  const watched = { accepted: null };
  assertEquals(
    told(decision({ watched, after: 100 * DAY })),
    "ask b: foo has never been built here",
  );
});

Deno.test("a change that is more than a bump waits for a person, however old it is", () => {
  assertEquals(
    told(decision({ verdicts: { b: "review" }, after: 100 * DAY })),
    "ask b: more than versions and checksums changed",
  );
});

Deno.test("a tree without a verdict waits for a person", () => {
  const input = {
    ...{ watched: watching(), verdicts: new Map(), rules: RULES, unacceptedNeeds: [] },
    ...{ patchFaults: new Map(), pinFaults: new Map() },
  };
  const now = START + 100 * DAY;
  assertEquals(decide({ ...input, isGone: false, now }).kind, "ask");
});

Deno.test("a bump to which the package's patches do not apply waits for a person", () => {
  const patchFaults = {
    b: "Cannot apply patch 1: PKGBUILD differs from the file that it was made for",
  };
  assertEquals(
    told(decision({ patchFaults, after: 100 * DAY })),
    "ask b: Cannot apply patch 1: PKGBUILD differs from the file that it was made for",
  );
  assertEquals(
    told(decision({ patchFaults: { a: "not this one" }, after: 100 * DAY })),
    "accept b",
  );
  const restless = { candidates: [pushed("b", HOUR), pushed("c", 40 * HOUR)] };
  assertEquals(told(decision({ watched: restless, after: 50 * HOUR })), "accept b");
  assertEquals(told(decision({ watched: restless, patchFaults, after: 50 * HOUR })), "wait c 64");
});

Deno.test("a pin passes only once it is known to be on a branch or tag", () => {
  const pin = { verdicts: { b: "pin" }, rules: { approvePins: true }, after: 100 * DAY } as const;
  assertEquals(told(decision({ ...pin })), "wait b for others");
  assertEquals(told(decision({ ...pin, pinFaults: { b: null } })), "accept b");
  assertEquals(
    told(decision({ ...pin, pinFaults: { b: "it may belong to a fork" } })),
    "ask b: it may belong to a fork",
  );
  assertEquals(
    told(decision({ ...pin, pinFaults: { b: null }, rules: { approvePins: false } })),
    "ask b: a pinned commit or tag changed, and approve_pins is off",
  );
});

Deno.test("pins and harmless changes pass only if their keys are on", async (t) => {
  for (const [verdict, key] of [["pin", "approvePins"], ["harmless", "approveHarmless"]] as const) {
    await t.step(verdict, () => {
      const verdicts = { b: verdict };
      assertEquals(decision({ verdicts, after: 100 * DAY }).kind, "ask");
      const rules = { [key]: true };
      const pinFaults = { b: null };
      assertEquals(told(decision({ verdicts, rules, pinFaults, after: 100 * DAY })), "accept b");
      const other = { [key === "approvePins" ? "approveHarmless" : "approvePins"]: true };
      assertEquals(decision({ verdicts, rules: other, after: 100 * DAY }).kind, "ask");
    });
  }
});

Deno.test("nothing passes without a person after the maintainers change", async (t) => {
  const reason = "ask b: the maintainers changed since the last approval";
  const history = [{ at: START - DAY, ...KEEPER }];
  const changes: Record<string, WatchedPackage["maintainers"]> = {
    "another maintainer": [{ at: START + HOUR, maintainer: "new", coMaintainers: ["helper"] }],
    "no maintainer": [{ at: START + HOUR, maintainer: null, coMaintainers: ["helper"] }],
    "another co-maintainer": [
      { at: START + HOUR, maintainer: "keeper", coMaintainers: ["helper", "new"] },
    ],
    "a maintainer who came and went": [
      { at: START + HOUR, maintainer: "new", coMaintainers: ["helper"] },
      { at: START + 2 * HOUR, ...KEEPER },
    ],
  };
  for (const [what, change] of Object.entries(changes)) {
    await t.step(what, () => {
      const watched = { maintainers: [...history, ...change] };
      assertEquals(told(decision({ watched, after: 100 * DAY })), reason);
    });
  }
  await t.step("a change that no check saw", () => {
    const watched = { maintainers: [{ at: START - DAY, maintainer: "other", coMaintainers: [] }] };
    assertEquals(told(decision({ watched, after: 100 * DAY })), reason);
  });
});

Deno.test("a new maintainer's longer cool-down continues after an approval", () => {
  const maintainers = [
    { at: START - 10 * DAY, maintainer: "old", coMaintainers: [] },
    { at: START - DAY, ...KEEPER },
  ];
  const watched = { maintainers };
  assertEquals(told(decision({ watched, after: 5 * DAY })), `wait b ${6 * 24}`);
  assertEquals(told(decision({ watched, after: 6 * DAY })), "accept b");
});

Deno.test("a new push restarts the cool-down", () => {
  const watched = { candidates: [pushed("b", 0), pushed("c", 20 * HOUR)] };
  assertEquals(told(decision({ watched, after: 25 * HOUR })), "wait c 44");
  assertEquals(told(decision({ watched, after: 44 * HOUR })), "accept c");
});

Deno.test("incessant pushes do not keep a package waiting for ever, and none passes early", () => {
  const candidates: Candidate[] = [];
  for (let hour = 0; hour <= 200; hour += 10) {
    candidates.push(pushed(`t${hour}`, hour * HOUR));
    const made = decision({ watched: { candidates }, after: hour * HOUR + 1 });
    if (hour < 48) assertEquals(made.kind, "wait", `after ${hour} h`);
    else {
      assertEquals(made.kind, "accept");
      const { candidate } = made as { candidate: Candidate };
      assertEquals(candidate.treeHash, `t${Math.floor((hour - 24) / 10) * 10}`);
    }
  }
});

Deno.test("an older tree does not pass if a newer one needs a person", () => {
  const watched = { candidates: [pushed("b", 0), pushed("c", 40 * HOUR), pushed("d", 70 * HOUR)] };
  const made = decision({ watched, verdicts: { c: "review" }, after: 71 * HOUR });
  assertEquals(told(made), "wait d 94");
  const last = decision({ watched, verdicts: { d: "review" }, after: 71 * HOUR });
  assertEquals(told(last), "ask d: more than versions and checksums changed");
});

Deno.test("a package's own cool-down replaces the configured one", () => {
  const coolDown = { ms: 0, at: START, by: "administrator", reason: "urgent" };
  assertEquals(told(decision({ watched: { coolDown }, after: HOUR })), "accept b");
  const longer = { ...coolDown, ms: 3 * DAY };
  assertEquals(told(decision({ watched: { coolDown: longer }, after: 2 * DAY })), "wait b 73");
});

Deno.test("a held package, a skipped version and a package without changes need no decision", () => {
  const hold = { at: START, by: "administrator", reason: "broken" };
  assertEquals(
    told(decision({ watched: { hold }, after: 100 * DAY })),
    "held: held by administrator: broken",
  );
  assertEquals(told(decision({ watched: { skipped: ["2-b"] }, after: 100 * DAY })), "settled");
  assertEquals(told(decision({ watched: { candidates: [] }, after: 100 * DAY })), "settled");
});

Deno.test("a version after a skipped one is decided as usual", () => {
  const watched = { skipped: ["2-b"], candidates: [pushed("b", 0), pushed("c", HOUR)] };
  assertEquals(told(decision({ watched, after: 25 * HOUR })), "accept c");
});

Deno.test("a package that is gone from the AUR, or has since returned, waits for a person", () => {
  assertEquals(
    told(decision({ isGone: true, after: 100 * DAY })),
    "ask b: the AUR no longer has it",
  );
  assertEquals(
    told(decision({ watched: { returnedAt: START + HOUR }, after: 100 * DAY })),
    "ask b: it had disappeared from the AUR and is back",
  );
  assertEquals(
    told(decision({ watched: { returnedAt: START - HOUR }, after: 100 * DAY })),
    "accept b",
  );
});

Deno.test("a package waits until its dependencies are approved", () => {
  assertEquals(told(decision({ unacceptedNeeds: ["bar"], after: 100 * DAY })), "wait b for others");
});
