import type { Mutant } from "../mutant.ts";

/** The cache: its room on the disk, its records, and whether its files are still right. */
export const CACHE: readonly Mutant[] = [
  {
    file: "mirroring/cleanup/cleanup.ts",
    find: "if (expected !== undefined && expected !== plan.report.plan) {",
    replace: "if (expected === null) {",
    breaks: "a cleanup removes something else than the plan that was looked at",
    killedBy: [
      "mirroring/cleanup/cleanup_history_test.ts: a plan that has changed removes nothing",
    ],
  },
  {
    file: "mirroring/cache/catalogue_table.ts",
    find: "    this.#totals.clear();\n    return this.#prepare(sql);",
    replace: "    return this.#prepare(sql);",
    breaks: "a list of packages counts what was there before",
    killedBy: ["mirroring/cache/catalogue_test.ts: totals count what matches on all pages"],
  },
  {
    file: "mirroring/cache/catalogue.ts",
    find: "    if (isSame) return;\n",
    replace: "    return;\n",
    breaks: "a list of packages does not notice pins and new databases",
    killedBy: [
      "mirroring/cache/catalogue_test.ts: after any changes, the list has what a scan finds, and nothing keeps what cleanup would remove",
    ],
  },
  {
    file: "mirroring/cache/catalogue.ts",
    find: "onUse: (directory, fileName) => used.add(fileKey(directory, fileName)),",
    replace: "onUse: () => {},",
    breaks: "a list of packages does not notice that they are used",
    killedBy: ["mirroring/cache/catalogue_test.ts: a use of a package shows in the list"],
  },
  {
    file: "mirroring/pull_through/package_requests.ts",
    find: "room: roomFor?.(key) ?? null,",
    replace: "room: null,",
    breaks: "no room is made for the files that are coming",
    killedBy: ["app/disk_room_test.ts"],
  },
  {
    file: "mirroring/cleanup/disk_room.ts",
    find: "sum += this.#missing(arrival);\n      if",
    replace: "sum = this.#missing(arrival);\n      if",
    breaks: "two files that are coming count on the same room",
    killedBy: ["mirroring/cleanup/disk_room_test.ts"],
  },
  {
    file: "mirroring/cleanup/disk_room.ts",
    find: "if (missing > 0 && sum + missing > reachableBytes) this.#arrivals.delete(arrival);",
    replace: "if (missing < 0) this.#arrivals.delete(arrival);",
    breaks: "a file that cannot fit costs others their place",
    killedBy: ["mirroring/cleanup/disk_room_test.ts"],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "reachable >= goal ? goal : reachable >= incomingBytes ? incomingBytes : 0",
    replace: "goal",
    breaks: "a min_free_space out of reach empties the cache of current packages",
    killedBy: [
      "mirroring/cleanup/retention_properties_test.ts: retention: a minimum out of reach costs no package in a database beyond what is incoming",
    ],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "if (maxCacheBytes > 0 && total > maxCacheBytes) {\n    const",
    replace: "if (maxCacheBytes < 0) {\n    const",
    breaks: "max_cache_size limits nothing",
    killedBy: [
      "mirroring/cleanup/retention_properties_test.ts: retention: a limit is unmet only if what is left may not go, or would not be enough",
    ],
  },
  {
    file: "mirroring/cleanup/retention.ts",
    find: "Math.floor(maxCacheBytes * cacheLowWaterPercent / 100)",
    replace: "0",
    breaks: "a cache that is too large is emptied",
    killedBy: [
      "mirroring/cleanup/retention_properties_test.ts: retention: nothing is evicted for the size before or beyond what it requires",
    ],
  },
  {
    file: "platform/database/late_writes.ts",
    find: "    this.#waiting.push(write);\n",
    replace: "",
    breaks: "what a full disk does not take is lost",
    killedBy: ["platform/database/late_writes_test.ts"],
  },
  {
    file: "platform/database/late_writes.ts",
    find: "if (this.#waiting.length <= this.#options.limit) return;",
    replace: "return;",
    breaks: "what waits for a full disk grows without end",
    killedBy: ["platform/database/late_writes_test.ts"],
  },
  {
    file: "mirroring/cache/cache_watch.ts",
    find: "if (!isIndexed) index.moveTo(layout.index);",
    replace: "",
    breaks: "a removed index is not made again",
    killedBy: ["mirroring/cache/cache_watch_test.ts"],
  },
  {
    file: "platform/database/database.ts",
    find: "  const contents = contentsOf(database);\n",
    replace: "  const contents = new Map();\n",
    breaks: "a removed index is made again empty",
    killedBy: ["platform/database/database_test.ts"],
  },
  {
    file: "mirroring/mirroring.ts",
    find: 'if (file.kind !== "extra") await this.cutFiles.makeWay(file);',
    replace: "",
    breaks: "a file that a crash has truncated is served short after the start",
    killedBy: [
      "app/damaged_cache_test.ts: a truncated package that no database lists is never served short, not even before the cache scan",
    ],
  },
  {
    file: "server/files/flat_cache.ts",
    find: "      await cutFiles.makeWay(file);\n",
    replace: "",
    breaks: "a CacheServer serves a file short that a crash has truncated",
    killedBy: [
      "app/damaged_cache_test.ts: a truncated package that no database lists is never served short, not even before the cache scan",
    ],
  },
  {
    file: "mirroring/cache/cache_scan.ts",
    find: "      await cutFiles.setAside(directory, fileName);\n",
    replace: "",
    breaks: "the scan after the start takes a truncated file for a new one",
    killedBy: [
      "mirroring/cache/cut_files_test.ts: cut files: the first scan sets aside exactly the recorded files of another length",
    ],
  },
  {
    file: "mirroring/cache/cut_files.ts",
    find: "if (downloads.get(fileKey(directory, fileName)) !== null) return;",
    replace: "",
    breaks: "a package that has just been fetched anew is taken for a truncated one",
    killedBy: [
      "mirroring/cache/cut_files_test.ts: cut files: a file that is just being replaced is left alone",
    ],
  },
  {
    file: "repositories/send_file.ts",
    find: "if (expectedSize !== null && info.size !== expectedSize) return null;",
    replace: "",
    breaks: "a hit may have another length than the database says",
    killedBy: [
      "app/damaged_cache_test.ts: a database truncated at run time is never served short",
    ],
  },
  {
    file: "mirroring/verification/package_check.ts",
    find: "if (facts.sha256 !== null && sha256 !== facts.sha256) {",
    replace: "if (facts.sha256 === null) {",
    breaks: "a rotten byte is not found",
    killedBy: ["mirroring/verification/package_check_test.ts"],
  },
  {
    file: "mirroring/verification/package_check.ts",
    find: 'return isMade ? null : "it was made for another file";',
    replace: "return null;",
    breaks: "another package's signature is not found",
    killedBy: ["mirroring/verification/package_check_test.ts"],
  },
  {
    file: "mirroring/verification/package_check.ts",
    find: "if ((await statIfPresent(path))?.ino !== ino) return null;",
    replace: "",
    breaks: "a file is judged by the one that it has replaced",
    killedBy: ["mirroring/verification/package_check_test.ts"],
  },
  {
    file: "mirroring/verification/verification.ts",
    find: "if (waitMs > 0) await clock.sleep(waitMs, signal);",
    replace: "",
    breaks: "verify_bandwidth limits nothing",
    killedBy: [
      "mirroring/verification/verification_test.ts: verification: it reads no faster than verify_bandwidth",
    ],
  },
  {
    file: "mirroring/cache/cache_size.ts",
    find: "if (isSettled && !isState) this.#listings.set(path, listing);",
    replace: "if (isSettled) this.#listings.set(path, listing);",
    breaks: "the size of the cache leaves out what unfinished downloads have received",
    killedBy: ["mirroring/cache/cache_size_test.ts"],
  },
];
