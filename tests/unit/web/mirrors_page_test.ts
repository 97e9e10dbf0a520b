import { assertEquals } from "@std/assert";
import type { MirrorReport, MirrorTrial } from "../../../src/api/mirrors.ts";
import type { DatabaseReport } from "../../../src/api/status.ts";
import { trialText } from "../../../src/web/pages/mirrors.tsx";
import { mirrorsSentence } from "../../../src/web/pages/mirrors/sentence.ts";

function mirror(state: MirrorReport["state"], role: MirrorReport["role"] = "mirror"): MirrorReport {
  return {
    upstream: "arch",
    name: "mirror.example",
    role,
    state,
    latency_ms: null,
    bytes_per_second: null,
    failures: 0,
    rests_ms: 0,
    in_flight: 0,
    last_error: null,
  };
}

function database(values: Partial<DatabaseReport> = {}): DatabaseReport {
  return {
    repository: "core/os/x86_64",
    generation: "1",
    mirror: "mirror.example",
    published_at: null,
    last_modified: null,
    age_ms: 0,
    checked_ms: 0,
    failed: false,
    gone_since: null,
    ...values,
  };
}

function trial(values: Partial<MirrorTrial>): MirrorTrial {
  return {
    upstream: "arch",
    name: "one",
    file: "core.db",
    ms: null,
    last_modified: null,
    error: null,
    ...values,
  };
}

Deno.test("the heading of the mirrors' page names the worst problem", () => {
  const ready = mirror("ready");
  const resting = mirror("resting");
  const cases: [DatabaseReport[], MirrorReport[], string, string][] = [
    [[database()], [resting], "No mirror is ready: only cached files are served", "bad"],
    // An archive has no databases.
    [[], [mirror("ready", "archive")], "No mirror is ready: only cached files are served", "bad"],
    [
      [database({ failed: true }), database()],
      [ready, resting],
      "1 database is not current, 1 mirror is ready",
      "warn",
    ],
    [
      [database({ gone_since: "2026-11-01T00:00:00Z" })],
      [ready],
      "1 database is not current, 1 mirror is ready",
      "warn",
    ],
    [[database()], [ready, resting], "1 mirror is ready, 1 is resting after a failure", "warn"],
    [[], [ready], "1 mirror is ready, no database requested yet", "calm"],
    [
      [database(), database()],
      [ready, mirror("unused")],
      "2 databases are current, 2 mirrors are ready",
      "good",
    ],
  ];
  for (const [databases, mirrors, heading, tone] of cases) {
    assertEquals(mirrorsSentence(databases, mirrors), { heading, tone } as unknown);
  }
});

Deno.test("a test of all mirrors names the first to answer, and everything that failed", () => {
  const trials = [
    trial({ name: "slow", ms: 90 }),
    trial({ name: "quick", ms: 12 }),
    trial({ name: "gone", error: "connection refused" }),
    trial({ name: "archive", file: null }),
  ];
  assertEquals(
    trialText(trials),
    "2 of 3 mirrors answered, quick first, in 12 ms. gone: connection refused.",
  );
  assertEquals(
    trialText([trial({ error: "answered 500" })]),
    "No mirror answered. one: answered 500.",
  );
});
