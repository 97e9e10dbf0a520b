import {
  CLEAN_UP,
  type CleanupLimits,
  type CleanupResult,
  LIST_CLEANUPS,
  SHOW_CLEANUP_LIMITS,
} from "../../api/cleanup.ts";
import { SHOW_STATUS } from "../../api/status.ts";
import { bytesText } from "../../config/quantities.ts";
import { Part } from "../elements/facts.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import { Limits } from "./cleanup/limits.tsx";
import { Plan } from "./cleanup/plan.tsx";
import { Runs } from "./cleanup/runs.tsx";

/** With more packages, a plan takes too long to compute on every visit. */
const MAX_PACKAGES_AT_ONCE = 10_000;

/** What cleanup removes, when, and why. */
export const CLEANUP: Page = {
  path: "cleanup",
  title: "Cleanup",
  section: "Mirror",
  role: "viewer",
  render: async (visit) => {
    const [limits, { runs }, { cache }] = await Promise.all([
      visit.call(SHOW_CLEANUP_LIMITS),
      visit.call(LIST_CLEANUPS, { limit: "20" }),
      visit.call(SHOW_STATUS),
    ]);
    // A dry run needs the same role as a cleanup.
    const isPlanned = visit.may("administrator") &&
      (cache.packages <= MAX_PACKAGES_AT_ONCE || visit.query("plan") === "now");
    const plan = isPlanned ? await visit.call(CLEAN_UP, { dry_run: "true" }) : null;
    return {
      ...headingOf(limits, plan),
      commands: ["pkgstash cleanup --dry-run", "pkgstash cleanup --history"],
      body: (
        <>
          <Limits limits={limits} />
          {!visit.may("administrator") ? null : (
            <Part title="What would be removed now">
              {plan === null
                ? (
                  <p>
                    <a href={visit.here({ plan: "now" })}>Preview the next cleanup.</a>{" "}
                    This takes a few seconds.
                  </p>
                )
                : <Plan plan={plan} visit={visit} />}
            </Part>
          )}
          <Part
            title="Past cleanups"
            aside={<a href="/admin/cleanup/removed">What removed this file?</a>}
          >
            <Runs runs={runs} />
          </Part>
        </>
      ),
    };
  },
  actions: {
    run: {
      role: "administrator",
      confirm: async ({ call }, form) => {
        const { plan, files, bytes_freed } = await call(CLEAN_UP, { dry_run: "true" });
        const isSame = plan === form.text("plan");
        return {
          heading: `Remove ${counted(files.length, "file")} from the cache?`,
          body: (
            <p>
              This frees {bytesText(bytes_freed)}. {isSame
                ? "It removes exactly the files in the plan."
                : "The plan has changed since you opened it. Go back to see the current one."}
            </p>
          ),
          button: "Remove",
        };
      },
      run: async ({ call }, form) => {
        const { files, bytes_freed, failed } = await call(CLEAN_UP, { plan: form.text("plan") });
        const trouble = failed.length === 0 ? "" : ` ${failed.length} could not be removed.`;
        return {
          text: `${counted(files.length, "file")} removed, ` +
            `${bytesText(bytes_freed)} freed.${trouble}`,
        };
      },
    },
  },
};

function headingOf(
  { cache_bytes, max_cache_bytes }: CleanupLimits,
  plan: CleanupResult | null,
): Pick<Content, "heading" | "tone"> {
  const limit = max_cache_bytes === null ? "" : ` of ${bytesText(max_cache_bytes)}`;
  const size = cache_bytes === null ? "" : `: ${bytesText(cache_bytes)}${limit} used`;
  if (plan === null) return { heading: `The cache and its limits${size}`, tone: "calm" };
  if (plan.unmet !== null) return { heading: "A cache limit cannot be met", tone: "bad" };
  if (plan.files.length === 0) return { heading: `Nothing to remove${size}`, tone: "good" };
  const files = counted(plan.files.length, "file");
  return {
    heading: `${files} can be removed, ${bytesText(plan.bytes_freed)} in total`,
    tone: "calm",
  };
}
