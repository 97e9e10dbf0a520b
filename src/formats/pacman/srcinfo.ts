import { PkgstashError } from "../../errors.ts";

/** A `key = value` line of a `.SRCINFO`. */
export interface SrcinfoLine {
  /** The key with its architecture, such as `depends_x86_64`. */
  readonly key: string;
  /** With single spaces, as makepkg writes it; empty where a package drops the base's value. */
  readonly value: string;
  /** Number of the line, from 1. */
  readonly line: number;
}

/** What a `.SRCINFO` says about the package base, or about one package. */
export interface SrcinfoSection {
  /** Its first key. */
  readonly kind: "pkgbase" | "pkgname";
  /** The value of that key. */
  readonly name: string;
  /** Without the line that begins the section. */
  readonly lines: readonly SrcinfoLine[];
}

/** A `.SRCINFO` in its original order. */
export interface Srcinfo {
  /** What all packages share. */
  readonly base: SrcinfoSection;
  /** One section for each package. */
  readonly packages: readonly SrcinfoSection[];
}

/** There are some 30 keys, each with a handful of architectures. */
const MAX_KEYS = 500;
const KEY_VALUE = /^([a-z][a-z0-9]*(?:_[A-Za-z0-9_]+)?)\s*=\s*(.*)$/s;

/**
 * Reads a `.SRCINFO`: one `pkgbase` section, then one `pkgname` section for each package. Unknown
 * keys are kept.
 *
 * Source: `write_srcinfo_content` in pacman's scripts/libmakepkg/srcinfo.sh.in, and alpm's
 * SRCINFO(5).
 * @throws {PkgstashError} of kind "content" for a line of another form or outside a section.
 */
export function parseSrcinfo(text: string): Srcinfo {
  const sections: { kind: "pkgbase" | "pkgname"; name: string; lines: SrcinfoLine[] }[] = [];
  const keys = new Set<string>();
  for (const [index, untrimmed] of text.split("\n").entries()) {
    const trimmed = untrimmed.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, key, rest] = KEY_VALUE.exec(trimmed) ?? [];
    if (key === undefined || rest === undefined) {
      throw refusal(`line ${index + 1} is not of the form "key = value"`);
    }
    const value = withSingleSpaces(rest);
    if (key === "pkgbase" || key === "pkgname") {
      if ((key === "pkgbase") !== (sections.length === 0)) {
        throw refusal(`line ${index + 1} begins a section that does not belong there`);
      }
      sections.push({ kind: key, name: value, lines: [] });
      continue;
    }
    keys.add(key);
    if (keys.size > MAX_KEYS) throw refusal(`it has more than ${MAX_KEYS} different keys`);
    const section = sections.at(-1);
    if (section === undefined) throw refusal(`line ${index + 1} comes before its pkgbase`);
    section.lines.push({ key, value, line: index + 1 });
  }
  const [base, ...packages] = sections;
  if (base === undefined || packages.length === 0) throw refusal("it names no package");
  return { base, packages };
}

/** The values of a key in a section, in order; null if the section does not have the key. */
export function valuesOf(section: SrcinfoSection, key: string): string[] | null {
  const lines = section.lines.filter((line) => line.key === key);
  return lines.length === 0 ? null : lines.map(({ value }) => value);
}

/** `[epoch:]pkgver-pkgrel`, or null if the base lacks one of them or has it twice. */
export function versionOf({ base }: Srcinfo): string | null {
  const [pkgver, pkgrel, epoch] = ["pkgver", "pkgrel", "epoch"].map((key) => valuesOf(base, key));
  if (pkgver?.length !== 1 || pkgrel?.length !== 1 || (epoch?.length ?? 0) > 1) return null;
  const prefix = epoch == null ? "" : `${epoch[0]}:`;
  return `${prefix}${pkgver[0]}-${pkgrel[0]}`;
}

/** A value as makepkg writes it: trimmed, with single spaces. */
export function withSingleSpaces(value: string): string {
  return value.replace(/[ \t\n\r\f\v]+/g, " ").trim();
}

function refusal(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot read .SRCINFO: ${fault}.`);
}
