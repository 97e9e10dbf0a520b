import type { FactReport } from "../../../api/approvals.ts";
import type { Tone } from "../../page.ts";

/** What a class of facts means for the decision, and how much it matters. */
const CLASSES: Readonly<Record<FactReport["class"], { word: string; tone: Tone; rank: number }>> = {
  review: { word: "review", tone: "warn", rank: 0 },
  pin: { word: "pin", tone: "calm", rank: 1 },
  harmless: { word: "harmless", tone: "good", rank: 2 },
  value: { word: "version", tone: "good", rank: 3 },
};

export function wordOf({ class: kind }: FactReport): { word: string; tone: Tone } {
  return CLASSES[kind];
}

/** The facts, those that matter most first, else in the order of the files. */
export function byWeight(facts: readonly FactReport[]): FactReport[] {
  return facts.toSorted((one, other) =>
    CLASSES[one.class].rank - CLASSES[other.class].rank ||
    (one.file < other.file ? -1 : one.file > other.file ? 1 : 0) ||
    (one.line ?? 0) - (other.line ?? 0)
  );
}

/** What kinds of facts are about, for a sentence. */
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
  characters: "odd characters",
  syntax: "the syntax",
  file: "other files",
  mode: "modes of files",
  srcinfo: "the .SRCINFO",
  network: "what it fetches while building",
  interpreter: "code that is run by an interpreter",
  encoded: "encoded text",
  eval: "text that is run as code",
  environment: "the environment of programs",
  privilege: "privileges",
};

const MOST_SUBJECTS = 4;

/** What changed in a few words: what a person must look at, or if nothing is, everything. */
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
 * A sentence that begins with a capital letter, unless with the name of a package or program, and ends
 * with a full stop. Nothing of nothing.
 */
export function sentence(text: string): string {
  if (text === "") return "";
  const isName = /^(?:makepkg|pacman)\b|^[^ ]*[^A-Za-z ][^ ]* /.test(text);
  const begun = isName ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
