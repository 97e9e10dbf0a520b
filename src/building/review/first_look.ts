import type { SyntaxNode } from "unbash";
import { evaluate, type Evaluation } from "../../formats/pkgbuild/evaluation.ts";
import { baseValues, CHECKSUM_DIGITS, plainKey } from "../../formats/pkgbuild/metadata.ts";
import { commandName, lineAt, parsePkgbuild, visit } from "../../formats/pkgbuild/syntax.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import { type SourceFile, type SourceTree, textOf } from "../source_tree.ts";
import { ENVIRONMENT } from "./environment.ts";
import { suspiciousCharacters } from "../../formats/text/characters.ts";
import { type Fact, type FactKind, PKGBUILD, SRCINFO } from "./fact.ts";
import { isFile } from "./file_changes.ts";
import { isVcs, parseSourceEntry } from "./source_entry.ts";

const NETWORK = new Set(
  "curl wget aria2c fetch lynx w3m nc ncat netcat socat telnet ssh scp sftp rsync ftp tor torsocks dig host nslookup gpg2"
    .split(" "),
);
/** Programs that install what they download. */
const INSTALLERS = new Set(
  "npm npx yarn pnpm bun bunx pip pip3 pipx uv gem cargo go luarocks cpan cpanm composer flatpak snap pacman yay paru"
    .split(" "),
);
const INTERPRETERS = new Set(
  "bash sh zsh dash ksh fish python python2 python3 perl ruby node deno lua php awk gawk osascript"
    .split(" "),
);
const DECODERS = new Set("base64 base32 basenc xxd uudecode openssl".split(" "));
const PRIVILEGES = new Set(
  "sudo su doas pkexec setcap chpasswd useradd usermod passwd visudo insmod modprobe systemctl crontab at"
    .split(" "),
);
const EVALUATORS = new Set(["eval", "source", ".", "trap", "alias", "enable"]);
/** A longer run of letters and digits is hardly written by hand; checksums have up to 128. */
const BLOB = /[A-Za-z0-9+/]{200,}={0,2}|(?:\\x[0-9a-fA-F]{2}){16,}/;
/** Functions that run during the build; `source` is there to fetch files. */
const STEPS = /^(?:prepare|build|check|package|pkgver|verify)(?:_|$)/;

/**
 * Noteworthy parts of a package source that nobody has accepted yet: facts with their lines, not a
 * score. All are for review, and a tree without any is not proven harmless.
 */
export async function inspect(tree: SourceTree): Promise<Fact[]> {
  const slice = new TimeSlice();
  const facts: Fact[] = [];
  for (const file of [...tree.values()].sort((one, other) => one.path < other.path ? -1 : 1)) {
    const found = await inspectFile(file, slice);
    facts.push(...found.slice(0, MAX_FACTS));
    if (found.length > MAX_FACTS) {
      const reason = `${found.length - MAX_FACTS} more facts are not shown; see the file.`;
      facts.push({ ...found[MAX_FACTS]!, line: null, before: null, after: null, reason });
    }
    if (slice.isOver) await slice.renew();
  }
  return facts;
}

/** Maximum number of facts shown for one file. */
const MAX_FACTS = 200;

async function inspectFile(file: SourceFile, slice: TimeSlice): Promise<Fact[]> {
  const { path } = file;
  const facts: Fact[] = [];
  if (file.mode === "120000") facts.push(found("file", path, null, null, "A symbolic link."));
  if (file.mode === "160000") facts.push(found("file", path, null, null, "A git submodule."));
  const text = isFile(file) ? textOf(file) : null;
  if (text === null) {
    if (isFile(file)) {
      facts.push(found("file", path, null, null, "The file is not text, or too large."));
    }
    return facts;
  }
  const isMetadata = path === SRCINFO;
  for (const { line, number } of linesOf(text)) {
    // Once for a line that is examined in parts.
    const known = facts.slice(-2).filter((fact) => fact.line === number).map(({ kind }) => kind);
    const found = inspectLine(line, { path, number, isMetadata });
    facts.push(...found.filter(({ kind }) => !known.includes(kind)));
    if (slice.isOver) await slice.renew();
  }
  const isScript = path === PKGBUILD || path.endsWith(".install") ||
    /^#!.*\b(?:ba|z|da)?sh\b/.test(text);
  if (isScript) facts.push(...inspectScript(path, text));
  if (path.startsWith(".") && path.endsWith(".install")) {
    facts.push(found("install", path, null, null, "A hidden install script."));
  }
  return facts;
}

function found(
  kind: FactKind,
  file: string,
  line: number | null,
  text: string | null,
  reason: string,
): Fact {
  return { kind, class: "review", file, line, before: null, after: text, reason };
}

/** Finds invisible characters and encoded text. */
function inspectLine(
  line: string,
  { path, number, isMetadata }: { path: string; number: number; isMetadata: boolean },
): Fact[] {
  const codes = suspiciousCharacters(line).filter((code) => !isLetter(code));
  const shown = line.slice(0, MAX_SHOWN);
  const more = codes.length > MAX_CODES ? ` and ${codes.length - MAX_CODES} more` : "";
  const reason = `Characters that may be invisible: ${codes.slice(0, MAX_CODES).join(" ")}${more}.`;
  return [
    ...codes.length === 0 ? [] : [found("characters", path, number, shown, reason)],
    ...!isMetadata && BLOB.test(line)
      ? [found("encoded", path, number, shown, "A long run of encoded text.")]
      : [],
  ];
}

const MAX_CODES = 20;
/** Characters of a line. */
const MAX_SHOWN = 4096;

/** Characters examined at once; longer lines are examined in parts. */
const MAX_PART = 64 * 1024;
/** Overlap of two parts, so that no encoded text is split into two short ones. */
const OVERLAP = 512;

/** Yields line by line: splitting a file of line feeds at once would take long. */
function* linesOf(text: string): Generator<{ line: string; number: number }> {
  let number = 1;
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf("\n", start);
    const end = Math.min(lineFeed < 0 ? text.length : lineFeed, start + MAX_PART);
    yield { line: text.slice(start, end), number };
    if (end === text.length) return;
    const isWhole = end === lineFeed;
    if (isWhole) number++;
    start = isWhole ? end + 1 : end - OVERLAP;
  }
}

/** Letters of any script are fine in names of people; in URLs and identifiers they are shown. */
function isLetter(code: string): boolean {
  return /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(String.fromCodePoint(parseInt(code.slice(2), 16)));
}

function inspectScript(path: string, text: string): Fact[] {
  const script = parsePkgbuild(text);
  if (!("statements" in script)) {
    return script.map(({ message, line }) =>
      found("syntax", path, line, null, `It cannot be parsed: ${message}.`)
    );
  }
  const facts: Fact[] = [];
  const evaluation = evaluate(script);
  for (const statement of script.statements) {
    const { command } = statement;
    const step = command.type === "Function" ? command.name.value : null;
    visit(statement, (node) => {
      facts.push(...inspectNode(node, { path, text, step }));
      return true;
    });
  }
  if (path === PKGBUILD) facts.push(...inspectMetadata(evaluation, text));
  return facts;
}

interface Place {
  readonly path: string;
  readonly text: string;
  /** The function that contains the node; null at the top level. */
  readonly step: string | null;
}

function inspectNode(node: SyntaxNode, { path, text, step }: Place): Fact[] {
  if (!("pos" in node)) return [];
  const source = text.slice(node.pos, node.end);
  const fact = (kind: FactKind, reason: string) => [
    found(kind, path, lineAt(text, node.pos), source, reason),
  ];
  if (node.type === "Assignment") {
    return ENVIRONMENT.has(node.name) &&
        !(step !== null && STEPS.test(step) && node.name === "OPTIONS")
      ? fact("environment", `${node.name} affects how makepkg or other programs work.`)
      : [];
  }
  if (step === null && (node.type === "CommandExpansion" || node.type === "ProcessSubstitution")) {
    return fact("statement", "A command runs whenever the PKGBUILD is read.");
  }
  if (node.type === "Redirect" && /\/dev\/(?:tcp|udp)\//.test(source)) {
    return fact("network", "bash opens a network connection.");
  }
  if (node.type !== "Command" || node.name === undefined) return [];
  const name = commandName(node);
  if (name === null) return fact("eval", "The name of a command comes from an expansion.");
  const program = name.slice(name.lastIndexOf("/") + 1);
  const isInstall = path.endsWith(".install");
  if (EVALUATORS.has(program)) return fact("eval", `${program} runs text as code.`);
  if (NETWORK.has(program)) {
    return fact("network", `${program} uses the network; sources belong in source=().`);
  }
  if (program === "git" && /\b(?:clone|fetch|pull|ls-remote|submodule)\b/.test(source)) {
    return fact("network", "git uses the network; sources belong in source=().");
  }
  if (
    INSTALLERS.has(program) && /\b(?:add|ci|get|i|install|x|exec|dlx|fetch|-S\w*|-U)\b/.test(source)
  ) {
    return fact("network", `${program} may install what it downloads.`);
  }
  if (DECODERS.has(program)) return fact("encoded", `${program} decodes data.`);
  if (PRIVILEGES.has(program) && (!isInstall || program !== "systemctl")) {
    return fact("privilege", `${program} changes privileges, accounts or services.`);
  }
  if (INTERPRETERS.has(program) && (isInstall || step === null || /(?:^|\s)-\w*c\b/.test(source))) {
    return fact("interpreter", `${program} runs further code.`);
  }
  return [];
}

const MAX_KEY = 100;

function inspectMetadata(evaluation: Evaluation, text: string): Fact[] {
  const facts: Fact[] = [];
  for (const key of evaluation.variables.keys()) {
    // No key of makepkg is this long, and a regular expression cannot be, either.
    if (key.length > MAX_KEY) continue;
    const line = lineOf(text, key);
    const values = baseValues(evaluation, key) ?? [];
    if (plainKey(key) === "source") {
      for (const value of values) {
        const entry = parseSourceEntry(value);
        const reason = faultOfSource(value, entry);
        if (reason !== null) facts.push(found("source", PKGBUILD, line, value, reason));
      }
      facts.push(...skippedSums(evaluation, key, values, line));
    }
    if (key === "install" && values[0] !== undefined) {
      facts.push(
        found(
          "install",
          PKGBUILD,
          line,
          values[0],
          "An install script runs as root on every client.",
        ),
      );
    }
    if (plainKey(key) === "replaces" && values.length > 0) {
      facts.push(
        found(
          "relation",
          PKGBUILD,
          line,
          values.join(" "),
          "pacman offers to replace installed packages with this one.",
        ),
      );
    }
    if (/^(?:md5|sha1|ck)sums/.test(key) && !evaluation.variables.has("sha256sums")) {
      facts.push(found("checksum", PKGBUILD, line, null, `${plainKey(key)} can be forged.`));
    }
  }
  return facts;
}

function faultOfSource(value: string, entry: ReturnType<typeof parseSourceEntry>): string | null {
  if (/^(?:http|ftp|git\+http|git|svn|lp)$/.test(entry.scheme ?? "")) {
    return "The connection is not encrypted.";
  }
  if (isVcs(entry) && !/#(?:commit|tag|revision)=/.test(value)) {
    return "The source names no commit or tag, so it may change at any time.";
  }
  if (entry.authority.includes("@")) return "The URL contains a user name.";
  if (/[^ -~]/.test(value)) return "The source contains a character outside printable ASCII.";
  return null;
}

/** Downloads that no checksum verifies. */
function skippedSums(
  evaluation: Evaluation,
  key: string,
  sources: string[],
  line: number | null,
): Fact[] {
  const suffix = key.slice("source".length);
  const sums = Object.keys(CHECKSUM_DIGITS).map((kind) =>
    baseValues(evaluation, `${kind}${suffix}`) ?? []
  )
    .filter(({ length }) => length > 0);
  return sources.flatMap((source, index) => {
    const entry = parseSourceEntry(source);
    const isSkipped = sums.length === 0 ||
      sums.every((values) => (values[index] ?? "SKIP") === "SKIP");
    const isSignature = /\.(?:sig|asc|sign)$/.test(source);
    return isSkipped && !isVcs(entry) && !isSignature
      ? [found("checksum", PKGBUILD, line, source, "No checksum verifies this download.")]
      : [];
  });
}

function lineOf(text: string, name: string): number | null {
  const at = new RegExp(`^\\s*${name}\\+?=`, "m").exec(text)?.index;
  return at === undefined ? null : lineAt(text, at);
}
