import type { Mutant } from "../mutant.ts";

/** Packages that are read, and databases that are written of them. */
export const PACKAGES: readonly Mutant[] = [
  {
    file: "formats/pacman/package_paths.ts",
    find: 'const fault = type === "file" ? faultOf(entry) : null;',
    replace: "const fault: string | null = null;",
    breaks: "files that are not what the .MTREE says are published",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a .MTREE must match the files of the package",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: '(type !== "directory" && (mode & SET_ID) !== 0)',
    replace: "false",
    breaks: "nobody sees that a package brings a setuid program",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a file with more rights than who runs it is told, by its mode or its capabilities",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: " || attributes.length > 0",
    replace: "",
    breaks: "nobody sees that a package brings capabilities",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a file with more rights than who runs it is told, by its mode or its capabilities",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: 'if (key.startsWith("GNU.sparse."))',
    replace: "if (false)",
    breaks: "the map of a sparse member hides others from the reader",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: 'if (type === "1" && said !== 0)',
    replace: "if (false)",
    breaks: "the content of a hard link is a member to one reader, and not to another",
    killedBy: [
      "formats/archive/tar_reader_test.ts: a hard link with a size is refused: some readers take what follows for content",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "&& !hasMagic(GNU)",
    replace: "",
    breaks: "what GNU has in place of a prefix is read as one",
    killedBy: [
      "formats/archive/tar_reader_test.ts: a prefix counts as libarchive reads it: not in a tar of GNU, and in all others",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: 'if (types.length > 1 && types !== "KL" && types !== "LK")',
    replace: "if (false)",
    breaks: "two headers for one member mean what the reader likes",
    killedBy: [
      "formats/archive/tar_reader_test.ts: a member has the long name and target of GNU, and no two headers of pax",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "if (body.subarray(space, at + length).includes(0))",
    replace: "if (false)",
    breaks: "a path ends where the reader likes it to",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/archive/tar_reader.ts",
    find: "linkTarget: extensions.linkTarget ?? ",
    replace: "linkTarget: ",
    breaks: "the target of a link in a pax header is overlooked",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: 'if (part === "..") return "leads out of the package";',
    replace: "",
    breaks: "a path that climbs is taken",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: 'if (path.startsWith("/")) return "is absolute";',
    replace: "",
    breaks: "an absolute path is refused for another reason",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: 'if (type === "other" && link === null)',
    replace: "if (false)",
    breaks: "a device is taken",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: "if (this.#paths.has(path))",
    replace: "if (false)",
    breaks: "of two files of one path, nobody knows which is meant",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: 'this.#paths.get(link.target) === "file"',
    replace: "this.#paths.has(link.target)",
    breaks: "a hard link leads out by way of a symbolic link",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: "if (below?.startsWith(`${path}/`))",
    replace: "if (false)",
    breaks: "a file is put where a symbolic link of the package leads",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: "if (this.#paths.size >= this.#limits.maxEntries)",
    replace: "if (false)",
    breaks: "the paths of a hostile package fill the memory",
    killedBy: ["formats/pacman/package_archive_test.ts: a package with too many files is refused"],
  },
  {
    file: "formats/pacman/package_paths.ts",
    find: "return listed.sort(inByteOrder);",
    replace: "return listed.sort();",
    breaks: "files are listed in the order of UTF-16",
    killedBy: [
      "formats/pacman/package_archive_test.ts: the files are listed as repo-add lists them",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: "if (size > most)",
    replace: "if (false)",
    breaks: "a .PKGINFO fills the memory",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: "if (named[key] !== info[key])",
    replace: "if (false)",
    breaks: "a package is published under the name of another",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: "if (built !== null && built !== info[key])",
    replace: "if (false)",
    breaks: "a .BUILDINFO of another package is taken",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a hostile or broken package is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/package_archive.ts",
    find: "    tar.finish();\n",
    replace: "",
    breaks: "a package that is cut short is taken",
    killedBy: [
      "formats/pacman/package_archive_test.ts: a damaged archive is refused with the reason",
    ],
  },
  {
    file: "formats/pacman/key_value_lines.ts",
    find: "const value = LONE_WORD.exec(rest)?.[1] ?? rest;",
    replace: "const value = rest;",
    breaks: "a lone equals sign stays, which repo-add loses",
    killedBy: ["formats/pacman/package_info_test.ts"],
  },
  {
    file: "formats/pacman/package_info.ts",
    find: 'else if (value !== "") lists',
    replace: "else lists",
    breaks: "an empty relation ends a list in the database",
    killedBy: ["formats/pacman/package_info_test.ts"],
  },
  {
    file: "formats/pacman/database_archive.ts",
    find: "\\0${folder}\\0${entry.identity}",
    replace: "\\0${folder}",
    breaks: "a rebuilt package stays in the database as it was",
    killedBy: [
      "formats/pacman/database_archive_test.ts: after a change, only the part that it is in is made again",
    ],
  },
  {
    file: "formats/pacman/database_archive.ts",
    find: "known.get(encodeHex(label)) ?? ",
    replace: "",
    breaks: "every publication compresses everything again",
    killedBy: [
      "formats/pacman/database_archive_test.ts: after a change, only the part that it is in is made again",
    ],
  },
  {
    file: "formats/pacman/database_archive.ts",
    find: "  placed.sort((one, other)",
    replace: "  placed.slice().sort((one, other)",
    breaks: "a database is in the order in which packages came",
    killedBy: [
      "formats/pacman/database_archive_test.ts: equal entries make equal bytes, whatever their order",
    ],
  },
  {
    file: "formats/archive/archive_compression.ts",
    find: "        await input.drain();\n",
    replace: "",
    breaks: "an upload is stored without its end",
    killedBy: [
      "formats/pacman/package_archive_test.ts: what is taken was read to its last byte, whatever follows the archive",
    ],
  },
  {
    file: "formats/archive/gzip_member.ts",
    find: "|| length > rest.length",
    replace: "",
    breaks: "a member that is cut short is used again",
    killedBy: [
      "formats/pacman/database_archive_test.ts: a previous database of another make, or cut short, is used as far as it goes",
    ],
  },
];
