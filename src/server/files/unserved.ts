import type { Config, UpstreamConfig } from "../../config/config.ts";
import { UPSTREAM_KEYS, upstreamKey } from "../../config/schema.ts";
import { noSuchFile, textResponse } from "../responses.ts";

/** A name that pacman requests from a repository. */
const OF_REPOSITORY =
  /\.(?:db|files)(?:\.tar(?:\.[a-z0-9]+)?)?(?:\.sig)?$|\.pkg\.tar(?:\.[a-z0-9]+)?(?:\.sig)?$/;

/** The name of a database, which begins with that of its repository. */
const DATABASE = /^(.+?)\.(?:db|files)(?:\.|$)/;

type Upstreams = Pick<Config, "upstreams">;

/** 404 for a path that belongs to no repository, naming the key or the line to change. */
export function unservedResponse(request: Request, path: string, config: Upstreams): Response {
  const advice = adviceFor(path, new URL(request.url).origin, config);
  return advice === null ? noSuchFile() : textResponse(404, advice);
}

function adviceFor(path: string, origin: string, { upstreams }: Upstreams): string | null {
  if (!OF_REPOSITORY.test(path)) return null;
  const slash = path.lastIndexOf("/");
  if (slash < 0) {
    return `This URL lacks the path of the repositories. ${serverLines(origin, upstreams)}`;
  }
  const repository = DATABASE.exec(path.slice(slash + 1))?.[1];
  const owners = upstreams.filter(({ repositories }) =>
    repositories.some((each) => each === repository)
  );
  const directory = path.slice(0, slash);
  for (const upstream of upstreams) {
    const advice = adviceIn(directory, upstream, owners.length > 0);
    if (advice !== null) return advice;
  }
  return owners.length === 0
    ? null
    : `The repository ${repository} has another path here. ${serverLines(origin, owners)}`;
}

function serverLines(origin: string, upstreams: readonly UpstreamConfig[]): string {
  const lines = upstreams.map(({ clientPath }) => `Server = ${origin}/${clientPath}`);
  return `Put this into pacman's mirrorlist:\n${lines.join("\n")}`;
}

/**
 * What an upstream lacks to have a directory; null if it would not have it anywhere. The part of the
 * path at $repo does not name a repository if a mirrored one is `elsewhere`.
 */
function adviceIn(
  directory: string,
  upstream: UpstreamConfig,
  elsewhere: boolean,
): string | null {
  const { repo, arch } = patternOf(upstream.clientPath).exec(directory)?.groups ?? {};
  const key = (of: "repositories" | "architectures") =>
    upstreamKey(upstream.name, UPSTREAM_KEYS[of]);
  if (repo !== undefined && !upstream.repositories.includes(repo)) {
    if (elsewhere) return null;
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
