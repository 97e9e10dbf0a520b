import type { Mutant } from "../mutant.ts";

/** What others specified. */
export const FORMATS: readonly Mutant[] = [
  {
    file: "formats/http/bearer_token.ts",
    find: "return sameBytes && givenBytes.length",
    replace: "return givenBytes.length",
    breaks: "any token of the right length opens the API",
    killedBy: ["formats/http/bearer_token_test.ts: tokens are equal only if every byte is"],
  },
  {
    file: "formats/http/bearer_token.ts",
    find: "givenBytes.length === expectedBytes.length && ",
    replace: "",
    breaks: "a token with something behind it is accepted",
    killedBy: ["formats/http/bearer_token_test.ts: tokens are equal only if every byte is"],
  },
  {
    file: "formats/http/range.ts",
    find: 'if (start >= size) return "unsatisfiable";',
    replace: 'if (start > size) return "unsatisfiable";',
    breaks: "a range behind the last byte is answered",
    killedBy: [
      "formats/http/range_test.ts: a Range header selects bytes, is unsatisfiable, or is ignored",
    ],
  },
  {
    file: "formats/http/range.ts",
    find: "if (total !== null && end >= total) return null;",
    replace: "",
    breaks: "a Content-Range that reaches beyond its file is believed",
    killedBy: ["formats/http/range_test.ts: a Content-Range is read unless it contradicts itself"],
  },
  {
    file: "formats/http/conditional.ts",
    find: "return validators.etag !== null && isStronglyEqual(text, validators.etag);",
    replace: "return true;",
    breaks: "If-Range holds for another file, so that a client joins two",
    killedBy: ["formats/http/conditional_test.ts"],
  },
  {
    file: "formats/http/conditional.ts",
    find: "secondsOf(validators.lastModified) > secondsOf(since)",
    replace: "secondsOf(validators.lastModified) >= secondsOf(since)",
    breaks: "a client never gets 304 for what it has",
    killedBy: ["formats/http/conditional_test.ts"],
  },
  {
    file: "formats/http/representation.ts",
    find: "[size, seconds, inode]",
    replace: "[seconds, inode]",
    breaks: "the size is missing in the ETag",
    killedBy: ["formats/http/representation_test.ts"],
  },
  {
    file: "formats/http/representation.ts",
    find: "[size, seconds, inode]",
    replace: "[size, seconds]",
    breaks: "a file that replaced another of the same size and second has its ETag",
    killedBy: ["formats/http/representation_test.ts"],
  },
  {
    file: "formats/openpgp/signature.ts",
    find: "if (end > bytes.length) return null;",
    replace: "",
    breaks: "a truncated signature is taken for a whole one",
    killedBy: ["formats/openpgp/signature_test.ts"],
  },
  {
    file: "formats/pacman/vercmp.ts",
    find: "if (byEpoch !== 0) return byEpoch;",
    replace: "",
    breaks: "the epoch of a version does not count",
    killedBy: [
      "formats/pacman/vercmp_test.ts: vercmp orders epochs, words, separators and lengths as pacman does",
    ],
  },
  {
    file: "formats/pacman/vercmp.ts",
    find: "if (left.length !== right.length) return left.length < right.length ? -1 : 1;",
    replace: "",
    breaks: "1.10 is older than 1.9",
    killedBy: [
      "formats/pacman/vercmp_test.ts: vercmp orders epochs, words, separators and lengths as pacman does",
    ],
  },
  {
    file: "formats/pacman/package_file_name.ts",
    find: 'name === "" || /^\\.|[/\\x00-',
    replace: 'name === "" || /^\\.|[\\x00-',
    breaks: "a name with a slash is safe",
    killedBy: [
      "formats/pacman/package_file_name_test.ts: a file name is safe only as one plain path segment of at most 255 bytes",
    ],
  },
  {
    file: "formats/pacman/package_file_name.ts",
    find: 'name === "" || /^\\.|[/\\x00-',
    replace: 'name === "" || /[/\\x00-',
    breaks: "a name that begins with a dot is safe",
    killedBy: [
      "formats/pacman/package_file_name_test.ts: a file name is safe only as one plain path segment of at most 255 bytes",
    ],
  },
  {
    file: "formats/pacman/repository_file_name.ts",
    find: "if (fileName.length > MAX_NAME_LENGTH) return null;",
    replace: "",
    breaks: "a name is accepted that no part file can have",
    killedBy: [
      "formats/pacman/repository_file_name_test.ts: a name leaves room for the suffixes of a part file",
    ],
  },
  {
    file: "formats/pacman/package_pattern.ts",
    find: "return position === glob.length;",
    replace: "return true;",
    breaks: "a pin matches everything that begins like it",
    killedBy: ["formats/pacman/package_pattern_test.ts"],
  },
  {
    file: "formats/archive/archive_compression.ts",
    find: "if (total > limit) {",
    replace: "if (total > limit * 1e9) {",
    breaks: "a decompression bomb is unpacked",
    killedBy: [
      "formats/archive/archive_compression_test.ts: content beyond 16 MiB and 250 times the archive is refused",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: 'throw damaged("data follows the zero blocks at its end")',
    replace: "return",
    breaks: "a hole of zeros ends a tar, and the packages behind it are lost",
    killedBy: [
      "formats/archive/tar_reader_test.ts: zeros between members are not the end of a tar, but damage",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "this.#zeros < 2 * BLOCK_BYTES",
    replace: "this.#zeros < 0",
    breaks: "a tar that is cut short is a smaller tar",
    killedBy: ["formats/archive/tar_reader_test.ts: a tar that is cut anywhere is refused"],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "this.#members === 0 && this.#zeros > MAX_EMPTY_BYTES",
    replace: "false",
    breaks: "a file of zeros is an empty database",
    killedBy: [
      "formats/archive/tar_reader_test.ts: only as many zeros as repo-add writes are an empty tar",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "if (!hasValidChecksum(block))",
    replace: "if (false)",
    breaks: "a damaged header is read",
    killedBy: ["formats/archive/tar_reader_test.ts: a header with a changed byte is refused"],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "this.#rest = bytes.slice(at);",
    replace: "this.#rest = bytes.subarray(at);",
    breaks: "what is kept of a chunk changes when its memory is used again",
    killedBy: [
      "formats/archive/tar_reader_test.ts: the members of a tar are the same for all sizes of chunks",
    ],
  },
  {
    file: "formats/archive/lz4_block.ts",
    find: "from < earliest",
    replace: "from < 0",
    breaks: "a block of one file repeats bytes of another",
    killedBy: ["formats/archive/lz4_block_test.ts"],
  },
  {
    file: "formats/archive/lz4_decompression.ts",
    find: "if (hasChecksum && numberOf",
    replace: "if (false && numberOf",
    breaks: "damaged LZ4 content is taken",
    killedBy: [
      "formats/archive/archive_compression_test.ts: lz4: skippable frames are skipped, and garbage after the end is an error",
    ],
  },
  {
    file: "formats/archive/bzip2_decompression.ts",
    find: "if (++this.#total > this.#limit)",
    replace: "if (false)",
    breaks: "a bzip2 bomb is unpacked",
    killedBy: [
      "formats/archive/archive_compression_test.ts: bzip2: a block is not expanded beyond the limit",
    ],
  },
  {
    file: "formats/archive/archive_compression.ts",
    find: "Math.min(limit, plausibleSize(input))",
    replace: "limit",
    breaks: "a small archive fills a gigabyte",
    killedBy: [
      "formats/archive/archive_compression_test.ts: content beyond 16 MiB and 250 times the archive is refused",
    ],
  },
  {
    file: "formats/pacman/sync_db.ts",
    find: "FORMS[field].test(text) ? text :",
    replace: "true ? text :",
    breaks: "a SHA-256 of SKIP is expected of a package",
    killedBy: [
      "formats/pacman/sync_db_test.ts: a database with SHA256SUM SKIP is read, and the other packages keep their checks",
    ],
  },
  {
    file: "formats/pacman/sync_db.ts",
    find: "if (one.sha256 !== other.sha256)",
    replace: "if (false)",
    breaks: "a file in two entries is checked against one of them",
    killedBy: [
      "formats/pacman/sync_db_test.ts: a file in two entries is checked against what both say of it",
    ],
  },
  {
    file: "formats/pacman/sync_db.ts",
    find: "if (CLIMBING.test(path))",
    replace: "if (false)",
    breaks: "a path that climbs is read",
    killedBy: ["formats/pacman/sync_db_test.ts: a path that climbs refuses the database"],
  },
  {
    file: "formats/pacman/sync_db.ts",
    find: 'if (text.startsWith(".") || text.includes("/"))',
    replace: "if (false)",
    breaks: "a database whose file names lead away is served",
    killedBy: [
      "formats/pacman/sync_db_test.ts: a file name that leaves its directory refuses the database",
    ],
  },
  {
    file: "formats/pacman/sync_db.ts",
    find: "if (this.#keptBytes > this.#maxKeptBytes)",
    replace: "if (false)",
    breaks: "a hostile database fills the memory",
    killedBy: ["formats/pacman/sync_db_test.ts: a database beyond any limit is refused"],
  },
  {
    file: "repositories/package_index.ts",
    find: "one.sha256 === other.sha256 &&",
    replace: "",
    breaks: "a rebuilt package counts as unchanged",
    killedBy: ["repositories/package_index_test.ts"],
  },
];
