/** Labels of the reasons for which files are removed. */
const REASONS: Readonly<Record<string, string>> = {
  superseded: "old version",
  unused: "unused for too long",
  size: "cache too large",
  free_space: "disk too full",
  orphan_signature: "signature without package",
  stale_part: "unfinished download",
  temporary: "temporary file",
  gone_repository: "repository gone",
  quarantined: "damaged",
  requested: "removed by hand",
  replaced: "rebuilt since",
};

export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason;
}
