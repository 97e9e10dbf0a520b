import type { Status } from "../../../api/status.ts";
import { counted } from "../../elements/quantities.tsx";
import type { Tone } from "../../page.ts";

export interface Concern {
  readonly tone: Extract<Tone, "bad" | "warn">;
  /** Without a full stop. */
  readonly title: string;
  /** Why, what pkgstash does about it, and what the reader can do. */
  readonly text: string;
}

/** Problems to report, the worst first. */
export function concernsOf(status: Status): Concern[] {
  const { cache, databases, mirrors, mirrorlists, builds, messages, expiring_keys } = status;
  const concerns: Concern[] = [];
  const add = (tone: Concern["tone"], title: string, text: string) =>
    concerns.push({ tone, title, text });
  if (cache.problem !== null) {
    add("bad", "The cache cannot be used", `${cache.problem}. Clients are served from mirrors.`);
  }
  if (mirrors.ready === 0 && mirrors.resting > 0) {
    add(
      "bad",
      "No mirror is ready",
      "All of them failed and are resting. Cached files are served, and the mirrors are retried automatically.",
    );
  } else if (mirrors.resting > 0) {
    add(
      "warn",
      `${counted(mirrors.resting, "mirror is", "mirrors are")} resting, others are in use`,
      "After a failure, other mirrors are preferred. It is retried automatically.",
    );
  }
  const failed = databases.filter((each) => each.failed);
  if (failed.length > 0) {
    add(
      "warn",
      `${counted(failed.length, "database was", "databases were")} not refreshed`,
      `${namesOf(failed)}: the last refresh failed, so the previous database is served. ` +
        "The next request retries it, as does pkgstash refresh.",
    );
  }
  const gone = databases.filter((each) => each.gone_since !== null);
  if (gone.length > 0) {
    add(
      "warn",
      `${counted(gone.length, "repository is", "repositories are")} gone from all mirrors`,
      `${namesOf(gone)}: the last database is served for vanished_age.`,
    );
  }
  for (const { path, failure } of mirrorlists) {
    if (failure !== null) {
      add(
        "warn",
        "A mirrorlist cannot be used",
        `${path}: ${failure}. The previous one stays in use.`,
      );
    }
  }
  if (builds.failed > 0) {
    add(
      "warn",
      `${counted(builds.failed, "build")} failed`,
      "The previous version stays published. See pkgstash builds.",
    );
  }
  if (messages.failure !== null) {
    add(
      "warn",
      `${counted(messages.waiting, "message")} could not be sent`,
      `${messages.failure}. It is retried; pending approvals are listed here regardless.`,
    );
  }
  for (const { fingerprint } of expiring_keys) {
    add(
      "warn",
      "A signing key expires soon",
      `${fingerprint}: run pkgstash key rotate, so that clients get the new one in time.`,
    );
  }
  return concerns;
}

/** Answers "is anything wrong?" in one sentence. */
export function overviewSentence(
  concerns: readonly Concern[],
  isFresh: boolean,
): { heading: string; tone: Tone } {
  const [worst, ...others] = concerns;
  if (worst !== undefined) {
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    return { heading: `${worst.title}${more}`, tone: worst.tone };
  }
  return isFresh
    ? { heading: "Ready for the first client", tone: "calm" }
    : { heading: "All is well", tone: "good" };
}

function namesOf(databases: Status["databases"]): string {
  const [first, second, third, ...others] = databases.map(({ repository }) => repository);
  const named = [first, second, third].filter((name) => name !== undefined).join(", ");
  return others.length === 0 ? named : `${named} and ${others.length} more`;
}
