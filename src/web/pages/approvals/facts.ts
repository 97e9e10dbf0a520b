import type { FactReport } from "../../../api/approvals.ts";
import type { Tone } from "../../page.ts";

/** The label, tone and rank of each class of facts. */
const CLASSES: Readonly<Record<FactReport["class"], { word: string; tone: Tone; rank: number }>> = {
  review: { word: "review", tone: "warn", rank: 0 },
  pin: { word: "pin", tone: "calm", rank: 1 },
  harmless: { word: "harmless", tone: "good", rank: 2 },
  value: { word: "version", tone: "good", rank: 3 },
};

export function wordOf({ class: kind }: FactReport): { word: string; tone: Tone } {
  return CLASSES[kind];
}

/** Sorts facts by importance, then by file and line. */
export function byWeight(facts: readonly FactReport[]): FactReport[] {
  return facts.toSorted((one, other) =>
    CLASSES[one.class].rank - CLASSES[other.class].rank ||
    (one.file < other.file ? -1 : one.file > other.file ? 1 : 0) ||
    (one.line ?? 0) - (other.line ?? 0)
  );
}

/** The subject of each kind of fact, for use in a sentence. */
const SUBJECTS: Readonly<Record<string, string>> = {
  version: "the version",
  release: "the release",
  checksum: "checksums",
  pin: "a pinned commit or tag",
  source: "where sources come from",
  dependency: "dependencies",
  relation: "what it provides or replaces",
  metadata: "its metadata",
  license: "the license",
  description: "the description",
  install: "what runs at installation",
  function: "a function",
  statement: "what the PKGBUILD does",
  comment: "comments",
  "white-space": "white space",
  quoting: "quotes",
  characters: "unusual characters",
  syntax: "the syntax",
  file: "other files",
  mode: "file modes",
  srcinfo: "the .SRCINFO",
  network: "what it fetches while building",
  interpreter: "code run by an interpreter",
  encoded: "encoded text",
  eval: "text run as code",
  environment: "the environment of programs",
  privilege: "privileges",
};

const MOST_SUBJECTS = 4;

/** What changed, in a few words: the facts that need review, or all if none does. */
export function subjectsOf(facts: readonly FactReport[]): string[] {
  const urgent = facts.filter((fact) => fact.class === "review");
  const chosen = urgent.length > 0 ? urgent : byWeight(facts);
  const subjects = [...new Set(chosen.map(({ kind }) => SUBJECTS[kind] ?? kind))];
  const shown = subjects.slice(0, MOST_SUBJECTS);
  return subjects.length > shown.length ? [...shown, "more"] : shown;
}

/** `a`, `a and b`, `a, b and c` */
export function listText(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/**
 * Turns a text into a sentence with a full stop and a capital letter, unless it begins with the
 * name of a package or program. "" stays "".
 */
export function sentence(text: string): string {
  if (text === "") return "";
  const isName = /^(?:makepkg|pacman)\b|^[^ ]*[^A-Za-z ][^ ]* /.test(text);
  const begun = isName ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
