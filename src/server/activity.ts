import type { Activity } from "../administration/activity.ts";
import type { Context } from "./context.ts";

/** How many failed mirrors one event names. */
const MAX_NAMED = 3;

/** From now on, records what the wings do by themselves and what went wrong. */
export function recordActivity(
  { mirroring, building, administration }: Pick<
    Context,
    "mirroring" | "building" | "administration"
  >,
): void {
  const { activity } = administration;
  mirroring.cycle.listen(({ databases, failed, prefetched, reasons }) =>
    activity.note({
      kind: "refresh",
      action: reasons.length === 0 ? "Refresh the databases" : "Fail to refresh the databases",
      subject: "",
      details: {
        databases,
        failed,
        prefetched,
        ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
      },
    })
  );
  mirroring.index.removals.listen(({ number, cause, removed, failed, unmet }) => {
    // Requested ones are in the audit log.
    if (cause === "requested") return;
    activity.note({
      kind: "cleanup",
      action: "Clean up the cache",
      subject: cause,
      details: {
        cleanup: number,
        cause,
        files: removed.reduce((sum, { files }) => sum + files, 0),
        bytes_freed: removed.reduce((sum, { bytes }) => sum + bytes, 0),
        ...(failed === 0 ? {} : { failed }),
        ...(unmet === null ? {} : { unmet }),
      },
    });
  });
  recordDownloads(mirroring, activity);
  building.builds.listen({
    onAttemptEnded: (build, { number, builder, outcome, failure }) =>
      activity.note({
        kind: "build",
        action: ENDED[outcome ?? "lost"],
        subject: `${build.number}`,
        details: {
          build: build.number,
          package: build.packageBase,
          attempt: number,
          builder,
          outcome,
          ...(failure === null ? {} : { reason: failure.reason }),
        },
      }),
  });
}

/** The event of an attempt, by its outcome. */
const ENDED = {
  built: "Build a package",
  failed: "Fail to build a package",
  lost: "Lose the builder of a package",
  cancelled: "Cancel the build of a package",
  returned: "Return a package to the queue",
} as const;

/** Records downloads on which mirrors failed; the others are not events. */
function recordDownloads({ downloads }: Context["mirroring"], activity: Activity): void {
  downloads.finished.listen(({ key, bytes, failed, failure }) => {
    if (failure === null && failed.length === 0) return;
    const isRefused = failed.some((each) => each.isRefused);
    activity.note({
      kind: "download",
      action: failure !== null
        ? "Abort a download"
        : isRefused
        ? "Reject a wrong file from a mirror"
        : "Continue with another mirror",
      subject: failed[0]?.mirror ?? "",
      details: {
        file: key,
        bytes,
        mirrors: failed.slice(0, MAX_NAMED).map(({ mirror, why }) => `${mirror}: ${why}`),
        ...(failure === null ? {} : { reason: failure }),
      },
    });
  });
}
