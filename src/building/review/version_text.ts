/** Longer values are not versions. */
const MAX_LENGTH = 80;
/** No separators of URLs, and nothing that bash, arithmetic or globs interpret. */
const SAFE = /^[A-Za-z0-9._+~-]*$/;
const WORDS =
  "alpha|beta|rc|pre|preview|dev|stable|lts|esr|build|final|release|post|rev|patch|sp|ga";
const VERSION_WORDS = new RegExp(`(?<![a-z])(?:${WORDS})(?![a-z])`, "gi");
/** A number with separators, other numbers, single letters and the usual words. */
const STRICT = new RegExp(
  `^(?:v|r)?\\d+(?:[._+~-]*(?:\\d+(?!\\d)|${WORDS}|[a-z]{1,2}(?![a-z])))*[._+~-]?$`,
  "i",
);
/** A suffix of a version, such as `-rc1`. */
const SUFFIX = new RegExp(`^[._+~-]?(?:${WORDS}|[a-z])[._+~-]?\\d*$`, "i");
/** A commit or other hash, alone or after a name. */
const HASH = /(?:^|[-_])([0-9a-f]{7,})$/i;

const PIN_NAME =
  /commit|hash|(?:^|_)(?:git)?sha(?:\d|_|$)|sums?(?:_|$)|(?:^|_)(?:rls_|git_|src_)?tag|gitref|(?:^|_)ref(?:_|$)/i;
const VERSION_NAME =
  /ver(?:sion)?(?!s)|build|rel(?:ease)?|(?:^|_)rc|major|minor|micro|patch|sub|update|security|date|num|serial|snap|stamp|beta|alpha|point|tag|(?:^|_)rev|suffix/i;
/** Names of variables that choose whom to trust or what to run. */
const IDENTITY_NAME =
  /owner|user|author|hosts?(?:_|$)|domain|server|account|(?:^|_)org(?:_|$)|vendor|mirror|ur[il](?:_|$)|scheme|protocol|(?:^|_)cmd|command|(?:^|_)site|repo(?!ver)|branch|channel/i;

/** The kind of a helper variable's new value: a version, a pin to a commit or tag, or neither. */
export type HelperValue = "version" | "pin" | null;

/**
 * Why a text cannot be a version or a part of one, as a clause; null if it can. A version has no
 * special meaning in a URL, a path, a word of bash or an arithmetic expression.
 */
export function faultOfVersionText(text: string): string | null {
  if (text.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (!SAFE.test(text)) return "it contains a character that versions do not have";
  if (text.includes("..")) return 'it contains ".."';
  if (/^[-._+~]/.test(text) && !SUFFIX.test(text)) return "it begins with a separator";
  return null;
}

/** Why a text cannot be a pkgver, as a clause; null if it can. makepkg rejects more than bash. */
export function faultOfPkgver(text: string): string | null {
  if (text === "") return "it is empty";
  if (text.includes("-")) return "a pkgver must not contain a hyphen";
  if (!/\d/.test(text)) return "it contains no digit";
  // For pacman, 1.2 is older than _1.2 and .1.2, which may be any release.
  if (!/^[A-Za-z0-9]/.test(text)) return "it begins with a separator";
  return faultOfVersionText(text);
}

/** Whether a pkgrel consists of one or two numbers, as makepkg requires. */
export function isPkgrel(text: string): boolean {
  return /^[0-9]{1,9}(?:\.[0-9]{1,9})?$/.test(text);
}

/** Classifies the change of a helper variable, such as `_commit`, by its name and both its values. */
export function classifyHelper(name: string, before: string, after: string): HelperValue {
  if (!name.startsWith("_") || IDENTITY_NAME.test(name)) return null;
  if (faultOfVersionText(before) !== null || faultOfVersionText(after) !== null) return null;
  const values = [before, after];
  if (values.some(isHash)) return values.every((value) => /\d/.test(value)) ? "pin" : null;
  const isVersion = values.every((value) =>
    value === "" || STRICT.test(value) || SUFFIX.test(value)
  );
  if (!values.some((value) => /\d/.test(value))) return null;
  if (PIN_NAME.test(name)) return isVersion || VERSION_NAME.test(name) ? "pin" : null;
  if (isVersion) return "version";
  return VERSION_NAME.test(name) && values.every((value) => /\d/.test(value)) ? "version" : null;
}

function isHash(value: string): boolean {
  const digits = HASH.exec(value)?.[1];
  if (digits === undefined) return false;
  return digits.length >= 40 || (/[a-f]/i.test(digits) && /\d/.test(digits));
}

/**
 * Whether a version jumps so far that no later release is likely to replace it: upstream may have
 * changed its numbering, or somebody wants their package to stay the newest.
 */
export function isJump(before: string, after: string): boolean {
  const [old, now] = [before, after].map((version) =>
    (version.replace(/^\d+:/, "").match(/\d+/g) ?? []).map(Number)
  );
  const index = now!.findIndex((number, at) => number !== old![at]);
  const [from, to] = [old![index] ?? 0, now![index] ?? 0];
  return to >= (index === 0 ? 1000 : 10_000) && to > from * 10 + 10;
}

/**
 * A segment of a path without versions and commits in it: the rest must stay the same in another
 * version.
 */
export function versionlessText(text: string): string {
  return text.replace(/[0-9a-f]{7,}/gi, (run) => /\d/.test(run) ? "0" : run)
    .replace(VERSION_WORDS, "0")
    .replace(/(?<![a-z])[a-z](?![a-z])/gi, "0")
    .replace(/[0-9._+~-]+/g, "0")
    .replace(/^0|0$/g, "");
}
