/**
 * Compares two package versions like pacman: -1 if `a` is older than `b`, 1 if it is newer, 0 if
 * pacman sees no difference. Versions are `[epoch:]pkgver[-pkgrel]`. A missing epoch counts as 0.
 * pkgrel is compared only if both have one, so the order is not transitive when some lack it.
 *
 * Source: `alpm_pkg_vercmp` in pacman's lib/libalpm/version.c.
 */
export function vercmp(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  const left = splitVersion(a);
  const right = splitVersion(b);
  const byEpoch = compareSegments(left.epoch, right.epoch);
  if (byEpoch !== 0) return byEpoch;
  const byPkgver = compareSegments(left.pkgver, right.pkgver);
  if (byPkgver !== 0) return byPkgver;
  if (left.pkgrel === undefined || right.pkgrel === undefined) return 0;
  return compareSegments(left.pkgrel, right.pkgrel);
}

interface VersionParts {
  epoch: string;
  pkgver: string;
  pkgrel: string | undefined;
}

function splitVersion(version: string): VersionParts {
  const afterDigits = skipWhile(version, 0, isDigit);
  const hasEpoch = version[afterDigits] === ":";
  const epoch = hasEpoch ? version.slice(0, afterDigits) || "0" : "0";
  const rest = hasEpoch ? version.slice(afterDigits + 1) : version;
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch,
    pkgver: hyphen < 0 ? rest : rest.slice(0, hyphen),
    pkgrel: hyphen < 0 ? undefined : rest.slice(hyphen + 1),
  };
}

/**
 * `rpmvercmp`: compares runs of digits or letters in turn; only the length of separators counts.
 */
function compareSegments(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const startA = skipWhile(a, i, isSeparator);
    const startB = skipWhile(b, j, isSeparator);
    const separatorA = startA - i;
    const separatorB = startB - j;
    i = startA;
    j = startB;
    if (i >= a.length || j >= b.length) break;
    if (separatorA !== separatorB) return separatorA < separatorB ? -1 : 1;

    const numeric = isDigit(a.charCodeAt(i));
    const inSegment = numeric ? isDigit : isLetter;
    const endA = skipWhile(a, i, inSegment);
    const endB = skipWhile(b, j, inSegment);
    // A number is newer than a word.
    if (endB === j) return numeric ? 1 : -1;
    const bySegment = numeric
      ? compareNumbers(a.slice(i, endA), b.slice(j, endB))
      : compareText(a.slice(i, endA), b.slice(j, endB));
    if (bySegment !== 0) return bySegment;
    i = endA;
    j = endB;
  }
  if (i >= a.length && j >= b.length) return 0;
  // The remainder decides: letters after the common part make a version older (1.0rc < 1.0).
  const aIsOlder = i >= a.length ? !isLetter(b.charCodeAt(j)) : isLetter(a.charCodeAt(i));
  return aIsOlder ? -1 : 1;
}

/** Compares as text, because a date with a long suffix has more digits than a number can hold. */
function compareNumbers(a: string, b: string): -1 | 0 | 1 {
  const left = a.slice(skipWhile(a, 0, isZero));
  const right = b.slice(skipWhile(b, 0, isZero));
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  return compareText(left, right);
}

function compareText(a: string, b: string): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}

function skipWhile(text: string, start: number, matches: (code: number) => boolean): number {
  let position = start;
  while (position < text.length && matches(text.charCodeAt(position))) position++;
  return position;
}

function isZero(code: number): boolean {
  return code === 48;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function isSeparator(code: number): boolean {
  return !isDigit(code) && !isLetter(code);
}
