import { versionlessText } from "./version_text.ts";

/** One entry of `source`: `[name::][vcs+]url[#fragment][?query]`, or the name of a local file. */
export interface SourceEntry {
  /** The file name that the entry sets; null if it sets none. */
  readonly name: string | null;
  /** The scheme with a VCS prefix, such as `git+https`; null for a local file. */
  readonly scheme: string | null;
  /** Host with user and port; empty for a local file. */
  readonly authority: string;
  /** Segments of the path, without empty ones at its beginning. */
  readonly path: readonly string[];
  /** Everything after the path. */
  readonly rest: string;
}

/**
 * Splits an entry of `source` as makepkg does.
 *
 * Source: `get_protocol`, `get_filename` in pacman's scripts/libmakepkg/util/source.sh.in.
 */
export function parseSourceEntry(entry: string): SourceEntry {
  const separator = entry.indexOf("::");
  const name = separator < 0 ? null : entry.slice(0, separator);
  const url = separator < 0 ? entry : entry.slice(separator + 2);
  const [, scheme, authority, tail] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(url) ??
    [];
  if (scheme === undefined) {
    // `lp:name` and the like have no authority; makepkg recognizes them by the colon.
    const [, short, opaque] = /^([a-z][a-z0-9+.-]*):(?!:)(.*)$/s.exec(url) ?? [];
    return {
      name,
      scheme: short ?? null,
      authority: "",
      path: (opaque ?? url).split("/"),
      rest: "",
    };
  }
  const [, path, rest] = /^([^?#]*)(.*)$/s.exec(tail!)!;
  return {
    name,
    scheme,
    authority: authority!,
    path: path!.replace(/^\//, "").split("/"),
    rest: rest!,
  };
}

/** Whether an entry is a file of the tree rather than a download. */
export function isLocal({ scheme }: SourceEntry): boolean {
  return scheme === null;
}

/** Whether a version control system fetches the entry. */
export function isVcs({ scheme }: SourceEntry): boolean {
  return /^(?:bzr|fossil|git|hg|svn)(?:\+|$)/.test(scheme ?? "");
}

/** The file name of a downloaded source; null for one from a version control system. */
export function storedName(entry: SourceEntry): string | null {
  if (entry.name !== null) return entry.name;
  return isVcs(entry) ? null : entry.path.at(-1) ?? "";
}

/** Hosts where the first two segments of a path are owner and repository. */
const FORGES =
  /(?:^|\.)(?:github\.com|githubusercontent\.com|gitlab\.(?:com|[a-z.]+)|codeberg\.org|bitbucket\.org|gitea\.com|sr\.ht|invent\.kde\.org)$/i;

/**
 * Why the change of a source is more than another version of the same, as a sentence; null if it is
 * not. Scheme, host, owner and depth of the path must stay the same, and no version may have become
 * a path to somewhere else.
 */
export function faultOfSourceChange(before: string, after: string): string | null {
  if (before === after) return null;
  const [old, now] = [parseSourceEntry(before), parseSourceEntry(after)];
  if (isLocal(old) || isLocal(now)) return "A different local file is a source.";
  if (old.scheme !== now.scheme) return "The scheme of a source changes.";
  if (old.authority !== now.authority) return "The host of a source changes.";
  if ((old.name === null) !== (now.name === null)) return "A source gains or loses its file name.";
  if (now.name !== null && !/^[\w.+~@-]+$/.test(now.name)) {
    return "A source gets a name with a path.";
  }
  if (old.path.length !== now.path.length) return "The path of a source has a different depth.";
  if (
    now.path.some((segment) =>
      segment === ".." || segment === "." || /%|\\/.test(segment) && !old.path.includes(segment)
    )
  ) {
    return "The path of a source is not plain.";
  }
  // The file name may contain the name of a release; folders are versions, or stay the same.
  const folders = now.path.slice(0, -1);
  if (
    folders.some((segment, index) => versionlessText(segment) !== versionlessText(old.path[index]!))
  ) {
    return "The path of a source changes in more than a version.";
  }
  if (ownerOf(old) !== ownerOf(now)) return "The owner or repository of a source changes.";
  const delimiters = (text: string) => text.replace(/[^?#&=]/g, "");
  if (delimiters(old.rest) !== delimiters(now.rest)) {
    return "The fragment of a source has a different form.";
  }
  const keys = (text: string) => text.replace(/=[^?#&=]*/g, "=");
  if (keys(old.rest) !== keys(now.rest)) return "The fragment of a source has a different form.";
  return null;
}

/** The part that identifies the owner of the files: on a forge, owner and repository. */
function ownerOf({ authority, path, rest }: SourceEntry): string {
  const host = authority.replace(/^[^@]*@/, "").replace(/:\d+$/, "");
  if (!FORGES.test(host)) {
    // A repository is identified by its whole path.
    return /^#/.test(rest) ? path.join("/") : path[0]!.startsWith("~") ? path[0]! : "";
  }
  const end = path.indexOf("-");
  return path.slice(0, Math.max(2, end)).join("/");
}
