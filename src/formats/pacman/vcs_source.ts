/** A repository of a version control system that a package follows. */
export interface FollowedSource {
  /** `git`, `hg`, `svn`, `bzr` or `fossil`. */
  readonly tool: string;
  /** Without the tool in front, and without what follows `#` or `?`. */
  readonly url: string;
  /** What git follows: `HEAD`, or `refs/heads/` and a branch. */
  readonly reference: string;
}

const VCS = /^(?:(bzr|fossil|git|hg|svn)\+)?([a-z][a-z0-9+.-]*:.*)$/is;
/** Schemes that imply the tool. */
const TOOLS = /^(bzr|fossil|git|hg|svn):/i;

/**
 * What an entry of `source` follows; null if it is not a repository, or refers to a fixed revision,
 * which never changes.
 *
 * Source: `get_protocol`, `get_uri_fragment` in pacman's scripts/libmakepkg/util/source.sh.in.
 */
export function followedSourceOf(entry: string): FollowedSource | null {
  const separator = entry.indexOf("::");
  const [, before, rest = ""] = VCS.exec(separator < 0 ? entry : entry.slice(separator + 2)) ?? [];
  const tool = before ?? TOOLS.exec(rest)?.[1];
  if (tool === undefined) return null;
  const [, url = "", behind = ""] = /^([^#?]*)(.*)$/s.exec(rest) ?? [];
  const [, kind, value = ""] = /#([a-z]+)=([^?#]*)/.exec(behind) ?? [];
  if (kind === "tag" || kind === "commit" || kind === "revision") return null;
  const reference = kind === "branch" ? `refs/heads/${value}` : "HEAD";
  return { tool: tool.toLowerCase(), url, reference };
}
