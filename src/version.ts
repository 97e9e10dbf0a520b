import manifest from "../deno.json" with { type: "json" };

/** The version of pkgstash, as in deno.json. */
export const VERSION: string = manifest.version;

/** Facts of one build, put there by the entry point that `deno task compile` makes. */
export const build: { commit: string | null } = { commit: null };

/** What `--version` prints: version, commit and the Deno that runs it. */
export function versionLine(): string {
  const commit = build.commit === null ? "run from source" : `commit ${build.commit}`;
  return `pkgstash ${VERSION} (${commit}, Deno ${Deno.version.deno})`;
}
