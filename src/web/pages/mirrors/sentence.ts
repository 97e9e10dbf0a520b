import type { MirrorReport } from "../../../api/mirrors.ts";
import type { DatabaseReport } from "../../../api/status.ts";
import { counted } from "../../elements/quantities.tsx";
import type { Tone } from "../../page.ts";

/** Answers "are the databases current, and which mirrors work?" in one sentence. */
export function mirrorsSentence(
  databases: readonly DatabaseReport[],
  mirrors: readonly MirrorReport[],
): { heading: string; tone: Tone } {
  const usable = mirrors.filter(({ role, state }) => role === "mirror" && state !== "resting");
  const resting = mirrors.filter(({ state }) => state === "resting");
  if (usable.length === 0) {
    return { heading: "No mirror is ready: only cached files are served", tone: "bad" };
  }
  const failed = databases.filter((each) => each.failed || each.gone_since !== null);
  const ready = `${counted(usable.length, "mirror is", "mirrors are")} ready`;
  if (failed.length > 0) {
    return {
      heading: `${counted(failed.length, "database is", "databases are")} not current, ${ready}`,
      tone: "warn",
    };
  }
  if (resting.length > 0) {
    return {
      heading: `${ready}, ${counted(resting.length, "is", "are")} resting after a failure`,
      tone: "warn",
    };
  }
  const fetched = databases.filter(({ generation }) => generation !== null);
  if (fetched.length === 0) {
    return { heading: `${ready}, no database requested yet`, tone: "calm" };
  }
  return {
    heading: `${counted(fetched.length, "database is", "databases are")} current, ${ready}`,
    tone: "good",
  };
}
