import { type ApprovalReport, APPROVE, LIST_APPROVALS, REJECT } from "../../../api/approvals.ts";
import { STATUS_CODE } from "@std/http/status";
import { CallError } from "../../call.ts";
import type { Done, Form } from "../../page.ts";
import type { Visit } from "../../visit.ts";
import { approvalHref } from "./waiting.tsx";

/** Approves exactly what the form showed. */
export function approve(visit: Visit, form: Form): Promise<Done> {
  const reason = form.text("note").trim();
  return decide(visit, form, {
    call: () => visit.call(APPROVE, { id: form.text("id"), body: reason === "" ? {} : { reason } }),
    said: "has been approved and queued for building.",
  });
}

/** Skips these versions. */
export function skip(visit: Visit, form: Form): Promise<Done> {
  return reject(visit, form, false);
}

/** Holds the packages: nothing is built until they are released. */
export function hold(visit: Visit, form: Form): Promise<Done> {
  return reject(visit, form, true);
}

async function reject(visit: Visit, form: Form, isHold: boolean): Promise<Done> {
  const reason = form.text("note").trim();
  if (reason === "") {
    return {
      text: "Enter the reason as a note. It is shown in the list of decisions.",
      tone: "bad",
      to: `${visit.here()}#decide`,
    };
  }
  return await decide(visit, form, {
    call: () => visit.call(REJECT, { id: form.text("id"), body: { reason, hold: isHold } }),
    said: isHold
      ? "is on hold: it is not built until it is released."
      : "has been skipped. Later versions are decided as usual.",
  });
}

/**
 * Decides. If the approval that the form showed no longer exists, changes nothing and redirects to
 * what has replaced it.
 */
async function decide(
  visit: Visit,
  form: Form,
  { call, said }: {
    call: () => Promise<ApprovalReport>;
    said: string;
  },
): Promise<Done> {
  try {
    const { packages, kind } = await call();
    const [first] = packages;
    const what = packages.length > 1
      ? packages.map(({ base }) => base).join(", ")
      : `${first?.base} ${kind === "settings" ? "with its settings" : first?.version}`;
    return { text: `${what} ${said}`, to: "/admin/approvals" };
  } catch (error) {
    if (!(error instanceof CallError) || error.problem.status !== STATUS_CODE.NotFound) throw error;
    const base = visit.params["package"] ?? "";
    const { approvals } = await visit.call(LIST_APPROVALS);
    const now = approvals.find(({ packages }) => packages.some((each) => each.base === base));
    if (now === undefined) {
      return {
        text: "Nothing was done: someone else has already decided. See below.",
        tone: "bad",
        to: visit.url.pathname,
      };
    }
    const trees = form.text("trees");
    return {
      text: "Nothing was done: it has changed in the meantime.",
      tone: "bad",
      to: `${approvalHref({ ...now, packages: [{ ...now.packages[0]!, base }] })}&since=${
        encodeURIComponent(trees)
      }`,
    };
  }
}
