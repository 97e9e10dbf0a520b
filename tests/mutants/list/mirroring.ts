import type { Mutant } from "../mutant.ts";

/** Fetching, verifying, keeping and removing. */
export const MIRRORING: readonly Mutant[] = [
  {
    file: "platform/files/positioned_file.ts",
    find: "if (this.#running === null && isDiskQuick(begunAt)) {",
    replace: "if (this.#running === null) {",
    breaks: "a slow disk holds up the whole daemon at each call",
    killedBy: ["platform/files/positioned_file_test.ts"],
  },
  {
    file: "mirroring/mirrors/mirror_response.ts",
    find: "      this.#ahead = chunk;\n      this.#buffer = null;\n",
    replace: "      this.#ahead = chunk;\n",
    breaks: "peeked bytes are those of a later read",
    killedBy: ["mirroring/mirrors/mirror_response_test.ts"],
  },
  {
    file: "mirroring/mirrors/mirror_response.ts",
    find: "if (performance.now() - this.#waitingSince < this.#stallTimeoutMs) return;",
    replace: "return;",
    breaks: "a mirror that stalls midway holds a file for ever",
    killedBy: [
      "mirroring/mirrors/mirror_response_test.ts: a body that stalls ends in a timeout, and its request is aborted",
    ],
  },
  {
    file: "mirroring/mirrors/mirror_health.ts",
    find: "const begins = this.restMs === 0;",
    replace: "const begins = true;",
    breaks: "failures side by side make a mirror rest for an hour",
    killedBy: ["mirroring/mirrors/mirror_health_test.ts"],
  },
  {
    file: "mirroring/mirrors/refused_files.ts",
    find: "this.#until.set(key, mirrors.set(mirror, this.#now() + AGE_MS));",
    replace: "",
    breaks: "a mirror that lies about a file is asked for it again",
    killedBy: ["mirroring/mirrors/refused_files_test.ts"],
  },
  {
    file: "mirroring/mirrors/refused_files.ts",
    find: "if (this.#until.size > MAX_FILES && oldest !== undefined)",
    replace: "if (false && oldest !== undefined)",
    breaks: "the memory of refused files grows without end",
    killedBy: ["mirroring/mirrors/refused_files_test.ts"],
  },
  {
    file: "mirroring/pull_through/missing_files.ts",
    find: "if (this.#byKey.size > MAX_FILES && oldest !== undefined)",
    replace: "if (false && oldest !== undefined)",
    breaks: "the memory of missing files grows without end",
    killedBy: ["mirroring/pull_through/missing_files_test.ts"],
  },
  {
    file: "mirroring/pull_through/missing_files.ts",
    find: "missing.epoch === epoch && ",
    replace: "",
    breaks: "a new database does not bring back a file that was missing",
    killedBy: ["mirroring/pull_through/missing_files_test.ts"],
  },
  {
    file: "mirroring/pull_through/package_requests.ts",
    find: "if (refusal !== null) return refusal;",
    replace: "",
    breaks: "pacman joins a refused beginning with the rest of the right file",
    killedBy: [
      "mirroring/pull_through/refused_resume_test.ts: the rest of a refused file is not given to a client that may hold its beginning",
    ],
  },
  {
    file: "mirroring/pull_through/signature_request.ts",
    find: "if (fits === true) return;",
    replace: "return;",
    breaks: "the first signature to come wins, whatever it signs",
    killedBy: [
      "mirroring/pull_through/signatures_test.ts: a signature of different bytes is skipped, however early it arrives",
    ],
  },
  {
    file: "mirroring/pull_through/package_signatures.ts",
    find: "      if (isOutdated && !this.#controller.signal.aborted) continue;\n",
    replace: "",
    breaks: "a signature of the old package reaches who knows the new database",
    killedBy: [
      "mirroring/pull_through/signatures_test.ts: a signature of the old package reaches nobody once the database lists a new one",
    ],
  },
  {
    file: "mirroring/pull_through/compared_signatures.ts",
    find: "return compared.epoch === epoch && compared.inode === inode;",
    replace: "return compared.inode === inode;",
    breaks: "packages that were signed anew keep their old signatures",
    killedBy: [
      "mirroring/pull_through/signatures_test.ts: packages signed again get their new signatures after a refresh",
    ],
  },
  {
    file: "mirroring/pull_through/compared_signatures.ts",
    find: "if (compared?.epoch !== snapshots.epochOf(file.repository)) return false;",
    replace: "if (compared === undefined) return false;",
    breaks: "packages that were signed anew keep the signatures that are in memory",
    killedBy: [
      "server/recall_test.ts: a signature is sent again without opening it, until a mirror must be asked",
    ],
  },
  {
    file: "mirroring/pull_through/compared_signatures.ts",
    find: "ino !== compared.inode) return false;",
    replace: "ino === null) return false;",
    breaks: "a signature in memory is sent for another package in its place",
    killedBy: ["server/recall_test.ts: a signature in memory is not sent without its package"],
  },
  {
    file: "mirroring/pull_through/package_signatures.ts",
    find: "    this.#options.missing.forget(keyOf(file));\n",
    replace: "",
    breaks: "a signature is missing although its package has just come",
    killedBy: [
      "mirroring/pull_through/signatures_test.ts: a missing signature is requested again once its package has arrived",
    ],
  },
  {
    file: "mirroring/pull_through/package_signatures.ts",
    find: "    await removeIfPresent(path);\n",
    replace: "",
    breaks: "a new package is beside the signature of the old one",
    killedBy: [
      "mirroring/pull_through/signatures_test.ts: a signature left of another package makes way when its package arrives",
    ],
  },
  {
    file: "mirroring/pull_through/send_download.ts",
    find: "if (!await download.reaches(range.start, left())) {",
    replace: "if (!await download.reaches(range.start, left() * 9)) {",
    breaks: "after a failed PASS, a range waits nine times as long as clients do",
    killedBy: ["mirroring/pull_through/send_download_test.ts"],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "return !pinned && !inFlight;",
    replace: "return !inFlight;",
    breaks: "pinned packages are evicted",
    killedBy: ["mirroring/cleanup/retention_test.ts"],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "return !pinned && !inFlight;",
    replace: "return !pinned;",
    breaks: "a package is evicted while it is fetched",
    killedBy: ["mirroring/cleanup/retention_test.ts"],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "    if (total > maxCacheBytes) {\n      await evictUntil(",
    replace: "    if (false) {\n      await evictUntil(",
    breaks: "max_cache_size is not kept where all packages are current",
    killedBy: [
      "mirroring/cleanup/retention_properties_test.ts: retention: a limit is unmet only if what is left may not go, or would not be enough",
    ],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "const lastGoal = reachable >= goal ? goal",
    replace: "const lastGoal = reachable >= 0 ? goal",
    breaks: "a min_free_space that cannot be reached empties the cache",
    killedBy: [
      "mirroring/cleanup/retention_properties_test.ts: retention: a minimum out of reach costs no package in a database beyond what is incoming",
    ],
  },
  {
    file: "mirroring/cleanup/remover.ts",
    find: "if (file === null || !isSameFile(file, seen)) return false;",
    replace: "",
    breaks: "a file that took the place of the one seen is removed",
    killedBy: ["mirroring/cleanup/cleanup_test.ts"],
  },
  {
    file: "mirroring/cleanup/cleanup.ts",
    find: "if (this.#isUsedSince(entry)) return false;",
    replace: "",
    breaks: "a package is removed that was used since the plan was made",
    killedBy: ["mirroring/cleanup/cleanup_test.ts"],
  },
  {
    file: "mirroring/cleanup/disk_room.ts",
    find: "        await this.#nextRound();\n",
    replace: "",
    breaks: "room is never made",
    killedBy: ["mirroring/cleanup/disk_room_test.ts"],
  },
];
