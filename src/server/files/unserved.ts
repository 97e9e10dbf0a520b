import type { Config, UpstreamConfig } from "../../config/config.ts";
import { UPSTREAM_KEYS, upstreamKey } from "../../config/schema.ts";
import { noSuchFile, textResponse } from "../responses.ts";

/** A name that pacman asks a repository for. */
const OF_REPOSITORY =
  /\.(?:db|files)(?:\.tar(?:\.[a-z0-9]+)?)?(?:\.sig)?$|\.pkg\.tar(?:\.[a-z0-9]+)?(?:\.sig)?$/;

type Upstreams = Pick<Config, "upstreams">;

/** 404 for a path that belongs to no repository, with the key or the line to change. */
export function unservedResponse(request: Request, path: string, config: Upstreams): Response {
  const advice = adviceFor(path, new URL(request.url).origin, config);
  return advice === null ? noSuchFile() : textResponse(404, advice);
}

function adviceFor(path: string, origin: string, { upstreams }: Upstreams): string | null {
  const slash = path.lastIndexOf("/");
  if (!OF_REPOSITORY.test(path)) return null;
  if (slash < 0) {
    const lines = upstreams.map(({ clientPath }) => `Server = ${origin}/${clientPath}`);
    return "This URL lacks the path of the repositories. Put this into pacman's mirrorlist:\n" +
      `${lines.join("\n")}`;
  }
  const directory = path.slice(0, slash);
  for (const upstream of upstreams) {
    const advice = adviceIn(directory, upstream);
    if (advice !== null) return advice;
  }
  return null;
}

/** What an upstream lacks to have a directory; null if it would have it nowhere. */
function adviceIn(directory: string, upstream: UpstreamConfig): string | null {
  const { repo, arch } = patternOf(upstream.clientPath).exec(directory)?.groups ?? {};
  const key = (of: "repositories" | "architectures") =>
    upstreamKey(upstream.name, UPSTREAM_KEYS[of]);
  if (repo !== undefined && !upstream.repositories.includes(repo)) {
    return `The repository ${repo} is not mirrored. To mirror it, add it to ${
      key("repositories")
    }.`;
  }
  if (arch !== undefined && !upstream.architectures.includes(arch)) {
    return `The architecture ${arch} is not mirrored. ` +
      `To mirror it, add it to ${key("architectures")}.`;
  }
  return null;
}

/** Matches the directories of a client path for any repository and architecture. */
function patternOf(clientPath: string): RegExp {
  const seen = new Set<string>();
  const source = clientPath.split(/(\$repo|\$arch)/).map((part) => {
    if (part !== "$repo" && part !== "$arch") return RegExp.escape(part);
    const name = part.slice(1);
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>[^/]+)`;
  });
  return new RegExp(`^${source.join("")}$`);
}
