import { type ApprovalReport, APPROVE, LIST_APPROVALS, REJECT } from "../../../api/approvals.ts";
import { STATUS_CODE } from "@std/http/status";
import { CallError } from "../../call.ts";
import type { Done, Form } from "../../page.ts";
import type { Visit } from "../../visit.ts";
import { approvalHref } from "./waiting.tsx";

/** Approves exactly what the form was shown with. */
export function approve(visit: Visit, form: Form): Promise<Done> {
  const reason = form.text("note").trim();
  return decide(visit, form, {
    call: () => visit.call(APPROVE, { id: form.text("id"), body: reason === "" ? {} : { reason } }),
    said: "is approved, and queued to be built.",
  });
}

/** Builds these versions never. */
export function skip(visit: Visit, form: Form): Promise<Done> {
  return reject(visit, form, false);
}

/** Builds nothing of the packages. */
export function hold(visit: Visit, form: Form): Promise<Done> {
  return reject(visit, form, true);
}

async function reject(visit: Visit, form: Form, isHold: boolean): Promise<Done> {
  const reason = form.text("note").trim();
  if (reason === "") {
    return {
      text: "Say why in the note: others read it in the list of decisions.",
      tone: "bad",
      to: `${visit.here()}#decide`,
    };
  }
  return await decide(visit, form, {
    call: () => visit.call(REJECT, { id: form.text("id"), body: { reason, hold: isHold } }),
    said: isHold
      ? "is held: nothing of it is built until it is released."
      : "is skipped. A later one is decided as usual.",
  });
}

/** What the form was shown with may be void by now: then its reader is shown what is new. */
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
        text: "It was not decided: nothing of it waits any more. Below is who decided.",
        tone: "bad",
        to: visit.url.pathname,
      };
    }
    const trees = form.text("trees");
    return {
      text: "It was not decided: something else waits by now.",
      tone: "bad",
      to: `${approvalHref({ ...now, packages: [{ ...now.packages[0]!, base }] })}&since=${
        encodeURIComponent(trees)
      }`,
    };
  }
}
