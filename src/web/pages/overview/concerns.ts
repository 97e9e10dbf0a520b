import type { Status } from "../../../api/status.ts";
import { counted } from "../../elements/quantities.tsx";
import type { Tone } from "../../page.ts";

/** Something that is not as it should be. */
export interface Concern {
  readonly tone: Extract<Tone, "bad" | "warn">;
  /** Without a full stop. */
  readonly title: string;
  /** Why, what pkgstash does about it, and what the reader can do. */
  readonly text: string;
}

/** What somebody should know of, the worst first. */
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
      "All of them failed and rest. What is cached is served; they are tried again by themselves.",
    );
  } else if (mirrors.resting > 0) {
    add(
      "warn",
      `${counted(mirrors.resting, "mirror rests", "mirrors rest")}, nothing is lost`,
      "After a failure the others are asked first. It is tried again by itself.",
    );
  }
  const failed = databases.filter((each) => each.failed);
  if (failed.length > 0) {
    add(
      "warn",
      `${counted(failed.length, "database was", "databases were")} not refreshed`,
      `${namesOf(failed)}: the last refresh failed, and what was there before is served. ` +
        "It is tried again with the next request, or by pkgstash refresh.",
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
        "A mirrorlist is not in force",
        `${path}: ${failure}. The one before it is used.`,
      );
    }
  }
  if (builds.failed > 0) {
    add(
      "warn",
      `${counted(builds.failed, "build")} failed`,
      "The version before it stays published. See pkgstash builds.",
    );
  }
  if (messages.failure !== null) {
    add(
      "warn",
      `${counted(messages.waiting, "message")} could not be sent`,
      `${messages.failure}. It is tried again; what waits is listed here all the same.`,
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

/** The answer to "is anything wrong?" in a sentence. */
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
