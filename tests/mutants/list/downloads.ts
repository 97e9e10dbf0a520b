import type { Mutant } from "../mutant.ts";

/** Downloads from mirrors: what is accepted, kept, resumed and sent. */
export const DOWNLOADS: readonly Mutant[] = [
  {
    file: "mirroring/downloads/download_check.ts",
    find: "if (expected !== null && sha256 !== expected) {",
    replace: "if (false) {",
    breaks: "a package with another SHA-256 than the database's is accepted",
    killedBy: [
      "mirroring/downloads/verification_test.ts: a file with a wrong SHA-256 reaches no reader in full, and is not kept",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "return Math.max(position, Math.min(end, (this.size ?? end) - 1));",
    replace: "return Math.max(position, Math.min(end, this.size ?? end));",
    breaks: "the last byte is sent before the file is checked",
    killedBy: [
      "mirroring/downloads/verification_test.ts: the last byte is held back until verification is over",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "if (isWrong || isOutOfSpace(error)) await part.discard();",
    replace: "if (isWrong) await part.discard();",
    breaks: "a part stays on a disk that it has filled",
    killedBy: [
      "mirroring/pull_through/full_disk_test.ts: clients that follow a download continue when the disk is full, and its part makes room",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "if (isWrong || isOutOfSpace(error)) await part.discard();",
    replace: "if (isOutOfSpace(error)) await part.discard();",
    breaks: "refused bytes are resumed by the next download",
    killedBy: [
      "mirroring/downloads/verification_test.ts: a file with a wrong SHA-256 reaches no reader in full, and is not kept",
    ],
  },
  {
    file: "mirroring/downloads/part_file.ts",
    find: "    await this.#file.sync();\n",
    replace: "",
    breaks: "a package has its name before its bytes are on disk",
    killedBy: ["mirroring/downloads/durable_test.ts"],
  },
  {
    file: "mirroring/downloads/part_file.ts",
    find: "await renameDurably(this.path, finalPath);",
    replace: "await Deno.copyFile(this.path, finalPath);",
    breaks: "a package appears in the cache before it is whole",
    killedBy: ["mirroring/downloads/durable_test.ts"],
  },
  {
    file: "mirroring/downloads/part_file.ts",
    find: "if (this.#extents.hasHoles) await this.#file.truncate(this.length);",
    replace: "",
    breaks: "a hole in a part is resumed as if its bytes had come",
    killedBy: [
      "mirroring/downloads/ahead_test.ts: bytes beyond a hole are not resumed after a restart",
    ],
  },
  {
    file: "mirroring/downloads/part_file.ts",
    find: "const length = Math.min(present, sidecar?.prefix ?? present);",
    replace: "const length = present;",
    breaks: "a hole in the part of a killed daemon is resumed as if its bytes had come",
    killedBy: [
      "mirroring/downloads/ahead_test.ts: bytes beyond a hole are not resumed after a restart",
    ],
  },
  {
    file: "mirroring/downloads/part_bytes.ts",
    find: "if (present?.end === offset) return present;",
    replace: "if (present !== undefined) return present;",
    breaks: "bytes that a client is being sent are overwritten",
    killedBy: [
      "mirroring/downloads/part_bytes_test.ts: bytes held by a reader do not change when others take their place",
    ],
  },
  {
    file: "mirroring/downloads/part_bytes.ts",
    find: "if (holders === 0 && !isShared) bytes.buffer.transfer(0);",
    replace: "if (!isShared) bytes.buffer.transfer(0);",
    breaks: "a slow client gets nothing where others went on without it",
    killedBy: [
      "mirroring/downloads/part_bytes_test.ts: bytes that are not in memory come from the disk",
    ],
  },
  {
    file: "mirroring/downloads/part_bytes.ts",
    find: "if (holders === 0 && !isShared) bytes.buffer.transfer(0);",
    replace: "if (holders === 0) bytes.buffer.transfer(0);",
    breaks: "a client gets nothing where another one has read before it",
    killedBy: [
      "mirroring/downloads/part_bytes_test.ts: readers that are behind share what one of them has read",
    ],
  },
  {
    file: "mirroring/downloads/part_file.ts",
    find: "    await removeIfPresent(`${base}.json`);\n    const opened",
    replace: "    const opened",
    breaks: "the sidecar of one file may be that of another's bytes after a crash",
    killedBy: [
      "mirroring/downloads/restart_test.ts: a sidecar without its part is removed before bytes of another file can arrive",
    ],
  },
  {
    file: "mirroring/downloads/part_reader.ts",
    find: "return Math.min(end, Math.max(size - TRICKLED_BYTES, this.#allowed));",
    replace: "return end;",
    breaks: "a client ahead of the check hears nothing until that is done",
    killedBy: [
      "mirroring/downloads/ahead_test.ts: the end of a file is sent bit by bit while its beginning arrives",
    ],
  },
  {
    file: "mirroring/downloads/part_reader.ts",
    find:
      "if (known !== null || bytes === null || this.#download.isAhead(this.#position)) return known;",
    replace: "if (bytes === null || known !== undefined) return known;",
    breaks: "the rest of a part on a full disk is complete without a check",
    killedBy: [
      "mirroring/pull_through/full_disk_test.ts: a client's part of a file that cannot be stored is verified with the rest that is passed through",
    ],
  },
  {
    file: "mirroring/downloads/filling.ts",
    find: "if (fronts.some((front) => front <= position && position - front < NEAR_BYTES)) return;",
    replace: "",
    breaks: "each client that resumes has a transfer of its own",
    killedBy: [
      "mirroring/downloads/ahead_test.ts: clients far ahead share one more transfer, and no byte is asked for twice",
    ],
  },
  {
    file: "mirroring/downloads/filling.ts",
    find: "!await this.#makeRoom()",
    replace: "true",
    breaks: "a full disk ends a download although room can be made",
    killedBy: [
      "mirroring/pull_through/full_disk_test.ts: a download resumes where it stopped once there is room on a full disk",
    ],
  },
  {
    file: "mirroring/downloads/pass_through.ts",
    find: 'check.hash.digest("hex") !== check.sha256',
    replace: "false",
    breaks: "wrong bytes that pass by the cache are complete",
    killedBy: [
      "mirroring/downloads/pass_through_test.ts: the last byte of a whole file passed through is held back until its SHA-256 is right",
    ],
  },
  {
    file: "mirroring/downloads/content_check.ts",
    find: "if (size !== null && expectedSize !== null && size !== expectedSize) {",
    replace: "if (false) {",
    breaks: "a file of another length than the database's is fetched to its end",
    killedBy: [
      "mirroring/downloads/verification_test.ts: a file whose length differs from the database is refused by its head",
    ],
  },
  {
    file: "mirroring/downloads/content_check.ts",
    find: "if (packetTagOf(first) === SIGNATURE_TAG || startsWith(beginning, ARMOR)) return;",
    replace: "return;",
    breaks: "a web page is a signature",
    killedBy: [
      "mirroring/downloads/verification_test.ts: a web page with status 200 is never stored as a signature",
    ],
  },
  {
    file: "mirroring/downloads/mirror_search.ts",
    find: "if (!startsWith(await body.peek(overlap), before)) throw differentFile();",
    replace: "await body.peek(overlap);",
    breaks: "a mirror with other bytes continues a file",
    killedBy: [
      "mirroring/downloads/seam_test.ts: a mirror with the same length and date but different bytes before the seam is refused",
    ],
  },
  {
    file: "mirroring/downloads/mirror_search.ts",
    find: "if (before === null || !startsWith(chunk, before)) throw differentFile();",
    replace: "",
    breaks: "a mirror with other validators continues a file without repeating it",
    killedBy: [
      "mirroring/downloads/seam_test.ts: a mirror with another date and one different byte early on is refused",
    ],
  },
  {
    file: "mirroring/downloads/mirror_search.ts",
    find: "contentRange?.range?.start !== start ||",
    replace: "",
    breaks: "the bytes of another range are taken for those asked for",
    killedBy: [
      "mirroring/downloads/seam_test.ts: a mirror that answers a range with another range is skipped",
    ],
  },
  {
    file: "mirroring/downloads/transfer.ts",
    find: "    if (end > max) {",
    replace: "    if (false) {",
    breaks: "a mirror that sends too much fills the disk",
    killedBy: [
      "mirroring/downloads/verification_test.ts: a body longer than the database states is refused before its end",
    ],
  },
  {
    file: "mirroring/downloads/transfer.ts",
    find: "    if (end !== null && offset !== end) {",
    replace: "    if (false) {",
    breaks: "a body that ends early is a whole file",
    killedBy: [
      "mirroring/downloads/pass_through_test.ts: a file passed through does not end early",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "          if (isWrong && this.#isAnnounced) this.request.onRefused?.(this.released);\n",
    replace: "",
    breaks: "a client that holds the beginning of a refused file gets the rest of another",
    killedBy: [
      "mirroring/pull_through/refused_resume_test.ts: the rest of a refused file is not given to a client that may hold its beginning",
    ],
  },
  {
    file: "mirroring/downloads/filling.ts",
    find: "if (bytes <= 0 || room === null || await room.make(bytes)) return;",
    replace: "return;",
    breaks: "a file is begun that cannot fit",
    killedBy: ["mirroring/downloads/room_test.ts"],
  },
  {
    file: "mirroring/downloads/signed_file.ts",
    find: "if (isDamagedSignature(signature)) return false;",
    replace: "",
    breaks: "a part of a signature is published",
    killedBy: ["mirroring/downloads/signed_file_test.ts"],
  },
];
