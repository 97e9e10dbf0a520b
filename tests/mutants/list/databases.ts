import type { Mutant } from "../mutant.ts";

const ROOM = "mirroring/databases";

/** What decides about databases. */
export const DATABASES: readonly Mutant[] = [
  {
    file: `${ROOM}/publication.ts`,
    find: "  // Again, for packages cached since the first call.\n" +
      "  await onNewDatabase(index);\n",
    replace: "",
    breaks: "a package that came into the cache during a publication is kept with old bytes",
    killedBy: [`${ROOM}/publication_test.ts`],
  },
  {
    file: `${ROOM}/publication.ts`,
    find: "Math.min(Math.max(date, earliest), latest)",
    replace: "Math.max(date, earliest)",
    breaks: "clients get a date that lies ahead",
    killedBy: [`${ROOM}/publication_test.ts`],
  },
  {
    file: `${ROOM}/publication.ts`,
    find: ".slice(0, MAX_FORMER)",
    replace: ".slice(0, 0)",
    breaks: "a database that was served before is taken again under a new date",
    killedBy: [
      "mirroring/databases/dates_test.ts: a database that was served before is not taken again, even if its packages are alike",
    ],
  },
  {
    file: `${ROOM}/database_order.ts`,
    find: "if (sum !== 0) return sum < 0 && byBuild <= 0;",
    replace: "",
    breaks: "dates decide against the packages",
    killedBy: [`${ROOM}/database_order_test.ts`],
  },
  {
    file: `${ROOM}/known_contents.ts`,
    find: "return isSettled(known) && hasSameTag(known, described) ? known.sha256 : null;",
    replace: "return hasSameTag(known, described) ? known.sha256 : null;",
    breaks: "two databases in one second are taken for one",
    killedBy: [`${ROOM}/known_contents_test.ts`],
  },
  {
    file: `${ROOM}/rollback.ts`,
    find: "record !== null && record.since <= now ? record : { since: now }",
    replace: "{ since: now }",
    breaks: "every refusal restarts rollback_age",
    killedBy: [
      "mirroring/databases/stale_mirror_test.ts: rollback_age counts from the first refusal, whatever is offered meanwhile",
    ],
  },
  {
    file: `${ROOM}/doubts.ts`,
    find: "Math.min(MAX_REST_MS, heard.restMs * 2)",
    replace: "0",
    breaks: "a mirror that lacks one file makes every request a question",
    killedBy: [`${ROOM}/doubts_test.ts`],
  },
  {
    file: `${ROOM}/snapshots.ts`,
    find: "isSurvey: survey || isDoubted ||",
    replace: "isSurvey: survey ||",
    breaks: "one mirror that lags allays the evidence",
    killedBy: [
      "mirroring/databases/evidence_test.ts: evidence asks all mirrors, so one that lags does not allay it",
    ],
  },
  {
    file: `${ROOM}/snapshot_refresh.ts`,
    find: "accepted: accepted || hasOtherMirrors && this.#findings.same.size === 0",
    replace: "accepted",
    breaks: "other mirrors must wait for rollback_age because of the former ones",
    killedBy: [
      "mirroring/databases/evidence_test.ts: other mirrors are not measured by the database of the former ones",
    ],
  },
  {
    file: `${ROOM}/copy_set.ts`,
    find: 'return "wrong";',
    replace: "return null;",
    breaks: "a mirror with a signature of other bytes is as good as one with the right one",
    killedBy: [
      "mirroring/databases/wrong_signature_test.ts: the first request gets the pair of the one mirror whose signature fits",
    ],
  },
  {
    file: `${ROOM}/in_turn.ts`,
    find: "if (next !== undefined && isLate) {",
    replace: "if (next !== undefined && running.size === 0) {",
    breaks: "a mirror that trickles holds the database",
    killedBy: [
      "mirroring/databases/in_turn_test.ts: a mirror that owes a response is raced, and whoever is first ends the other",
    ],
  },
  {
    file: `${ROOM}/rollback.ts`,
    find: "accepted: now - kept.since >= rollbackAgeMs",
    replace: "accepted: true",
    breaks: "an older database replaces a newer one at once",
    killedBy: [
      "mirroring/databases/stale_mirror_test.ts: a mirror with an older database is refused when a client asks",
    ],
  },
  {
    file: `${ROOM}/copy_set.ts`,
    find: "if (Object.keys(companions).length > 0) await confirmUnchanged(set, database);",
    replace: "",
    breaks: "files of two databases are published together",
    killedBy: [
      "mirroring/databases/published_together_test.ts: a mirror that changes between database and signature is asked again",
    ],
  },
  {
    file: "mirroring/databases/kept_snapshots.ts",
    find: "view.end <= each.replacedAt",
    replace: "view.start <= each.replacedAt",
    breaks: "a view shows a database that another one had replaced by then",
    killedBy: ["mirroring/databases/kept_snapshots_test.ts"],
  },
  {
    file: "mirroring/databases/kept_snapshots.ts",
    find: "const shown = kept ?? (current",
    replace: "const shown = records.at(-1) ?? (current",
    breaks: "the view of a day changes with the next kept database",
    killedBy: ["mirroring/databases/kept_snapshots_test.ts"],
  },
  {
    file: "repositories/snapshot_store.ts",
    find: "if (before !== undefined) await this.#onReplace(repository, before, snapshot);",
    replace: "",
    breaks: "databases are not kept for views",
    killedBy: ["mirroring/databases/kept_snapshots_test.ts"],
  },
  {
    file: "mirroring/mirroring.ts",
    find: "has: (name: string) => served.has(name) || kept.has(name)",
    replace: "has: (name: string) => served.has(name)",
    breaks: "cleanup removes packages of views",
    killedBy: ["app/views_test.ts"],
  },
  {
    file: "mirroring/databases/keep_served.ts",
    find: "if (!isExpected && !isThorough) return served;",
    replace: "if (!isExpected) return served;",
    breaks: "a database whose signature was missing for a moment stays unsigned",
    killedBy: ["mirroring/databases/wrong_signature_test.ts"],
  },
];
