import { PkgstashError } from "../../errors.ts";

/**
 * Passes every `key = value` line of a `.PKGINFO` or `.BUILDINFO` to `onValue`, with the value that
 * repo-add would write into a database: runs of white space become one space, and a lone `=` after
 * a single word is lost, as in bash. Comments and empty lines are skipped.
 *
 * Source: `db_write_entry` in pacman's scripts/repo-add.sh.in, `read` in bash(1).
 * @throws {PkgstashError} of kind "content", naming `file`, for a line of another form.
 */
export function readKeyValueLines(
  file: string,
  text: string,
  onValue: (key: string, value: string) => void,
): void {
  if (CONTROL.test(text)) refuseMetadata(file, "it has a control character");
  let number = 0;
  for (const untrimmed of text.split("\n")) {
    number++;
    const line = untrimmed.replace(OUTER_SPACE, "");
    if (line === "" || line.startsWith("#")) continue;
    const [, key, rest] = KEY_AND_REST.exec(line) ?? [];
    if (key === undefined || rest === undefined) {
      refuseMetadata(file, `line ${number} is not of the form "key = value"`);
    }
    const value = LONE_WORD.exec(rest)?.[1] ?? rest;
    onValue(key, value.replace(SPACE, " "));
  }
}

/** Bash would drop a NUL; the others would reach terminals. */
// deno-lint-ignore no-control-regex -- control characters are what it finds
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/;
/** What bash's `read` removes by default. */
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;
const KEY_AND_REST = /^([A-Za-z_][A-Za-z0-9_]*) *= *(.*)$/su;
/** Bash treats the delimiter after the last field as part of that field's end. */
const LONE_WORD = /^([^ =]*) *=?$/;
/** `[[:space:]]` of glibc in a UTF-8 locale, which excludes non-breaking spaces. */
const SPACE = /[\t-\r \u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+/g;

/** Refuses a metadata file of a package, as an error of kind "content". */
export function refuseMetadata(file: string, fault: string): never {
  throw new PkgstashError("content", `Cannot read ${file}: ${fault}.`);
}
