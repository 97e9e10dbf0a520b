import { descOf, type TarMember } from "./sync_db_reading.ts";

/** A database that no tool of pacman writes. */
export interface OddDatabase {
  readonly what: string;
  readonly members: readonly TarMember[];
  /** Whether pacman lists its packages; if not, it lists none at all. */
  readonly isTaken: boolean;
}

const desc = descOf("a", "1-1");
const named = (fileName: string) => desc.replace("a-1-1-any.pkg.tar.zst", fileName);
const withField = (field: string, value: string) => descOf("a", "1-1", `%${field}%\n${value}\n`);
const b: TarMember = ["b-1-1/desc", descOf("b", "1-1")];

const taken = (what: string, ...members: TarMember[]): OddDatabase => ({
  what,
  members: [...members, b],
  isTaken: true,
});
const refused = (what: string, ...members: TarMember[]): OddDatabase => ({
  what,
  members: [...members, b],
  isTaken: false,
});

/** Each has an intact package `b`; all but one that is taken also have a package `a`. */
export const ODD_DATABASES: readonly OddDatabase[] = [
  taken("a negative CSIZE", ["a-1-1/desc", withField("CSIZE", "-1")]),
  taken("a CSIZE of letters", ["a-1-1/desc", withField("CSIZE", "ten")]),
  taken("a BUILDDATE of letters", ["a-1-1/desc", withField("BUILDDATE", "now")]),
  taken("a SHA256SUM of SKIP", ["a-1-1/desc", withField("SHA256SUM", "SKIP")]),
  taken("a PGPSIG that is not base64", ["a-1-1/desc", withField("PGPSIG", "!!")]),
  taken("an unknown field", ["a-1-1/desc", withField("NEW", "x\ny")]),
  taken("a long value", ["a-1-1/desc", withField("DESC", "x".repeat(100_000))]),
  taken("no FILENAME", ["a-1-1/desc", desc.replace("%FILENAME%", "%X%")]),
  taken("a FILENAME with a control character", ["a-1-1/desc", named("a\x01")]),
  taken("another NAME than its folder", ["a-1-1/desc", desc.replace("%NAME%\na", "%NAME%\nc")]),
  taken("a folder twice", ["a-1-1/desc", desc], ["a-1-1/desc", desc]),
  taken("two versions of a package", ["a-1-1/desc", desc], ["a-2-1/desc", descOf("a", "2-1")]),
  taken("one file in two entries", ["a-1-1/desc", named("b-1-1-any.pkg.tar.zst")]),
  taken("a desc deeper in its folder", ["a-1-1/x/desc", desc]),
  taken("a file named like a folder", ["a-1-1", "x"], ["a-1-1/desc", desc]),
  taken("an empty desc", ["a-1-1/desc", ""]),
  taken("only a depends file", ["a-1-1/depends", "%DEPENDS%\nx\n"]),
  taken("a folder that is no package", ["x/", null], ["a-1-1/desc", desc]),
  refused("a FILENAME with a slash", ["a-1-1/desc", named("../a")]),
  refused("a hidden FILENAME", ["a-1-1/desc", named(".a")]),
  refused("a file outside of the folders", ["README", "x"], ["a-1-1/desc", desc]),
  refused("a folder without a version", ["a-1/desc", desc]),
  refused("folders in a folder", ["core/a-1-1/desc", desc]),
  refused("a folder named by a dot", ["./a-1-1/desc", desc]),
  refused("an absolute path", ["/a-1-1/desc", desc]),
  refused("a path that climbs", ["../a-1-1/desc", desc]),
  refused("an endless line", ["a-1-1/desc", withField("DESC", "x".repeat(600_000))]),
];
