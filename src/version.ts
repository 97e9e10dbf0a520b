import manifest from "../deno.json" with { type: "json" };

/** The version in deno.json. */
export const VERSION: string = manifest.version;

/** Who acts where nobody asked the daemon to: in the audit log, in decisions, and of builds. */
export const DAEMON = "pkgstash";

/** What is known of this build only; set by the entry point that `deno task compile` generates. */
export const build: { commit: string | null } = { commit: null };

/** The output of `--version`: version, commit and the version of Deno. */
export function versionLine(): string {
  const commit = build.commit === null ? "run from source" : `commit ${build.commit}`;
  return `pkgstash ${VERSION} (${commit}, Deno ${Deno.version.deno})`;
}
