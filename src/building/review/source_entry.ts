import { versionlessText } from "./version_text.ts";

/** One entry of `source`: `[name::][vcs+]url[#fragment][?query]`, or the name of a local file. */
export interface SourceEntry {
  /** The name that the file gets, or null if the entry does not say it. */
  readonly name: string | null;
  /** The scheme with a VCS before it, such as `git+https`; null for a local file. */
  readonly scheme: string | null;
  /** Host with user and port; for a local file empty. */
  readonly authority: string;
  /** Segments of the path, without those that are empty at its beginning. */
  readonly path: readonly string[];
  /** All that stands behind the path. */
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
    // `lp:name` and the like have no authority, and makepkg knows them by the colon.
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

/** Whether an entry is fetched by a version control system. */
export function isVcs({ scheme }: SourceEntry): boolean {
  return /^(?:bzr|fossil|git|hg|svn)(?:\+|$)/.test(scheme ?? "");
}

/** The name under which a source is stored; null for one from a version control system. */
export function storedName(entry: SourceEntry): string | null {
  if (entry.name !== null) return entry.name;
  return isVcs(entry) ? null : entry.path.at(-1) ?? "";
}

/** Hosts where the first two segments of a path say whose repository it is. */
const FORGES =
  /(?:^|\.)(?:github\.com|githubusercontent\.com|gitlab\.(?:com|[a-z.]+)|codeberg\.org|bitbucket\.org|gitea\.com|sr\.ht|invent\.kde\.org)$/i;

/**
 * Why the change of one source is more than another version of the same, as a sentence; null if it is
 * not. The same scheme, host, owner and depth of path are demanded, and no part that is a version may
 * have become a way to somewhere else.
 */
export function faultOfSourceChange(before: string, after: string): string | null {
  if (before === after) return null;
  const [old, now] = [parseSourceEntry(before), parseSourceEntry(after)];
  if (isLocal(old) || isLocal(now)) return "Another local file is a source.";
  if (old.scheme !== now.scheme) return "The scheme of a source changes.";
  if (old.authority !== now.authority) return "The host of a source changes.";
  if ((old.name === null) !== (now.name === null)) return "A source is renamed, or no longer.";
  if (now.name !== null && !/^[\w.+~@-]+$/.test(now.name)) {
    return "A source gets a name with a path.";
  }
  if (old.path.length !== now.path.length) return "The path of a source has another depth.";
  if (
    now.path.some((segment) =>
      segment === ".." || segment === "." || /%|\\/.test(segment) && !old.path.includes(segment)
    )
  ) {
    return "The path of a source is not plain.";
  }
  // The file's own name may have a name of the release in it; folders are versions or stay.
  const folders = now.path.slice(0, -1);
  if (
    folders.some((segment, index) => versionlessText(segment) !== versionlessText(old.path[index]!))
  ) {
    return "The path of a source changes in more than a version.";
  }
  if (ownerOf(old) !== ownerOf(now)) return "The owner or repository of a source changes.";
  const delimiters = (text: string) => text.replace(/[^?#&=]/g, "");
  if (delimiters(old.rest) !== delimiters(now.rest)) {
    return "The fragment of a source has another form.";
  }
  const keys = (text: string) => text.replace(/=[^?#&=]*/g, "=");
  if (keys(old.rest) !== keys(now.rest)) return "The fragment of a source has another form.";
  return null;
}

/** What says whose files they are: on a forge the owner and the repository. */
function ownerOf({ authority, path, rest }: SourceEntry): string {
  const host = authority.replace(/^[^@]*@/, "").replace(/:\d+$/, "");
  if (!FORGES.test(host)) {
    // A repository is a whole, wherever it is.
    return /^#/.test(rest) ? path.join("/") : path[0]!.startsWith("~") ? path[0]! : "";
  }
  const end = path.indexOf("-");
  return path.slice(0, Math.max(2, end)).join("/");
}
