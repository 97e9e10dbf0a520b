import type { Mutant } from "../mutant.ts";

/** The queue of builds: who gets a job, and what is published of it. */
export const BUILD_QUEUE: readonly Mutant[] = [
  {
    file: "building/queue/log_lines.ts",
    find: "this.#starts.push(this.#size + at + 1)",
    replace: "this.#starts.push(this.#size + at)",
    breaks: "the lines of a log begin one byte early",
    killedBy: ["building/queue/log_lines_test.ts"],
  },
  {
    file: "building/queue/product_check.ts",
    find: "library !== null && libraries.has(library)",
    replace: "library !== null",
    breaks: "a package may depend on any library, and claim to provide it",
    killedBy: [
      "building/queue/product_check_test.ts: a library released before may change its soname version, but not its name or prefix",
    ],
  },
  {
    file: "building/queue/publication.ts",
    find: "differences: newDifferences(build, previous),",
    replace: "differences: [],",
    breaks: "what cannot be reproduced is published all the same",
    killedBy: [
      "building/queue/build_queue_test.ts: a file that two builds make differently holds the product, unless it was released before",
    ],
  },
  {
    file: "building/queue/product_check.ts",
    find: 'one.epoch === other.epoch && [other.pkgrel, "1"].includes(one.pkgrel) &&',
    replace: "",
    breaks: "pkgver() changes the epoch, which nothing can go back on",
    killedBy: [
      "building/queue/build_queue_test.ts: only a package that follows a source may have another version than approved",
    ],
  },
  {
    file: "building/queue/enqueueing.ts",
    find: 'if (build.state === "held" && isRebuildOfOther(by, build)) return false;',
    replace: "",
    breaks: "a rebuild takes the place of an update that a person has yet to look at",
    killedBy: [
      "building/rebuilds/library_rebuilds_test.ts: a held update stays, and the published package is rebuilt beside it",
    ],
  },
  {
    file: "building/queue/leases.ts",
    find: "if (attempt?.builder === builder) return { build, attempt };",
    replace: "if (attempt !== undefined) return { build, attempt };",
    breaks: "a builder reaches the jobs of others",
    killedBy: ["building/queue/build_queue_test.ts: a builder reaches only its own leased jobs"],
  },
  {
    file: "building/queue/leases.ts",
    find: "if (runningAttempt(build)?.job !== job || deadlines === undefined) {",
    replace: "if (false) {",
    breaks: "what a builder says after its lease counts",
    killedBy: [
      "building/queue/build_queue_test.ts: a silent builder loses its job, and its later messages are refused",
    ],
  },
  {
    file: "building/queue/jobs.ts",
    find: "if (runningAttempt(now)?.job === job) return update(now);",
    replace: "return update(now);",
    breaks: "a lease that ended while a package arrived does not matter",
    killedBy: [
      "building/queue/build_queue_test.ts: a package that arrives after its lease does not affect the next builder's",
    ],
  },
  {
    file: "building/queue/leases.ts",
    find: "lapsesAt: now + leaseMs(),\n      timesOutAt",
    replace: "lapsesAt: Infinity,\n      timesOutAt",
    breaks: "a build whose builder is lost is never built",
    killedBy: [
      "building/queue/build_queue_test.ts: a job that loses two builders is held, and built again only when a person says so",
    ],
  },
  {
    file: "building/queue/leases.ts",
    find: "timesOutAt: now - elapsed + timeoutOf(build) + GRACE_MS",
    replace: "timesOutAt: Infinity",
    breaks: "a builder may keep a job for ever",
    killedBy: [
      "building/queue/build_queue_test.ts: a builder that exceeds the time limit loses its job for good",
    ],
  },
  {
    file: "building/queue/attempts.ts",
    find: "if (lost.length < MOST_LOST) return again(now);",
    replace: "return again(now);",
    breaks: "a build that kills builders goes through all of them",
    killedBy: [
      "building/queue/build_queue_test.ts: a job that loses two builders is held, and built again only when a person says so",
    ],
  },
  {
    file: "building/queue/attempts.ts",
    find: "if (failures <= MOST_RETRIES) {",
    replace: "if (true) {",
    breaks: "a build is tried for ever",
    killedBy: [
      "building/queue/build_queue_test.ts: only network failures are retried automatically, after growing pauses, and three times at most",
    ],
  },
  {
    file: "building/queue/attempts.ts",
    find: 'return failureClass === "network" || failureClass === "builder_unfit";',
    replace: "return true;",
    breaks: "a build that fails by itself is built again by itself",
    killedBy: [
      "building/queue/build_queue_test.ts: only network failures are retried automatically, after growing pauses, and three times at most",
    ],
  },
  {
    file: "building/queue/schedule.ts",
    find: "const obstacle = needObstacle(need, build, { others, isPublished });",
    replace: "const obstacle = null;",
    breaks: "a package is built before what it needs",
    killedBy: [
      "building/queue/build_queue_test.ts: a build waits until its dependencies are published, and for nothing else",
    ],
  },
  {
    file: "building/queue/products.ts",
    find: "if (received.sha256 !== sha256) {",
    replace: "if (false) {",
    breaks: "a package may have other bytes than its builder said",
    killedBy: [
      "building/queue/build_queue_test.ts: a package of another build, with a wrong hash or under another file name is refused",
    ],
  },
  {
    file: "building/queue/products.ts",
    find: "if (named === null || !mayMake(named.name, build)) {",
    replace: "if (named === null) {",
    breaks: "a builder uploads packages of any name",
    killedBy: [
      "building/queue/build_queue_test.ts: a package of another build, with a wrong hash or under another file name is refused",
    ],
  },
  {
    file: "building/queue/products.ts",
    find: "if (left < 0) {",
    replace: "if (false) {",
    breaks: "a builder fills the disk",
    killedBy: [
      "building/queue/build_queue_test.ts: a builder's packages cannot exceed the disk limit",
    ],
  },
  {
    file: "building/queue/publication.ts",
    find: "if (facts.length > 0) return",
    replace: "if (false) return",
    breaks: "a surprising product is published",
    killedBy: [
      "building/queue/build_queue_test.ts: a held product survives a restart, and is published when a person releases it",
    ],
  },
  {
    file: "building/queue/jobs.ts",
    find: "if (differences.length === 0) return [];",
    replace: "return [];",
    breaks: "metadata that nobody approved are built",
    killedBy: [
      "building/queue/build_queue_test.ts: metadata that differ from those approved hold the build until a person accepts them",
    ],
  },
  {
    file: "building/queue/jobs.ts",
    find: "if (build.released?.metadata === metadata) return [];",
    replace: "if (build.released !== null) return [];",
    breaks: "an approval of some metadata counts for any",
    killedBy: [
      "building/queue/build_queue_test.ts: metadata that differ from those approved hold the build until a person accepts them",
    ],
  },
  {
    file: "building/queue/build_store.ts",
    find: "if (count > most || ++all > mostOfAll) await",
    replace: "if (false) await",
    breaks: "the history grows without a bound",
    killedBy: [
      "building/queue/build_queue_test.ts: the latest ended builds are kept, and numbers are never reused",
    ],
  },
  {
    file: "building/queue/build_log.ts",
    find: "const fresh = bytes.subarray(known).subarray(0, this.#maxBytes - this.#size);",
    replace: "const fresh = bytes.subarray(known);",
    breaks: "a flood of output fills the disk",
    killedBy: ["building/queue/build_log_test.ts"],
  },
  {
    file: "building/queue/build_log.ts",
    find: "if (known < 0 || this.#hasEnded) return;",
    replace: "if (this.#hasEnded) return;",
    breaks: "a lying offset writes elsewhere in the log",
    killedBy: ["building/queue/build_log_test.ts"],
  },
  {
    file: "building/queue/build_log.ts",
    find: "const covered = masked(joined, this.#secrets);",
    replace: "const covered = joined;",
    breaks: "secrets are in the log",
    killedBy: ["building/queue/build_log_test.ts"],
  },
  {
    file: "building/queue/product_check.ts",
    find: "if (previous?.[list].includes(value)) continue;",
    replace: "continue;",
    breaks: "a package replaces another one without anybody's approval",
    killedBy: [
      "building/queue/product_check_test.ts: replaces and groups are surprises even if they were approved with the files",
    ],
  },
  {
    file: "building/queue/product_check.ts",
    find: "if (described === known) continue;",
    replace: "continue;",
    breaks: "a setuid program is published without anybody's approval",
    killedBy: ["building/queue/product_check_test.ts: every surprise is reported as a fact"],
  },
  {
    file: "building/queue/product_check.ts",
    find: "script !== null && !approvedFiles.has(script) && script !== previous?.script",
    replace: "false",
    breaks: "a script that nobody approved runs as root",
    killedBy: ["building/queue/product_check_test.ts: every surprise is reported as a fact"],
  },
  {
    file: "building/queue/builds_to_decide.ts",
    find: "&& latest.get(targetOf(build)) === build",
    replace: "",
    breaks: "a failure that a newer build has replaced is told",
    killedBy: [
      "server/api/build_notices_test.ts: a failure that a newer build has replaced waits for nobody",
    ],
  },
  {
    file: "building/queue/products.ts",
    find: "older?.stopping.abort(",
    replace: "void (",
    breaks: "a package is not taken while a lost connection is waited for",
    killedBy: [
      "building/queue/build_queue_test.ts: a package can be sent again while the daemon still waits for the rest of a lost connection",
    ],
  },
];
