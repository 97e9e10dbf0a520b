import {
  type ApprovalDetail,
  type ApprovalReport,
  APPROVE,
  type FilePairReport,
  type FileReport,
  type InspectedReport,
  LIST_APPROVAL_FILES,
  LIST_APPROVALS,
  REJECT,
  SHOW_APPROVAL,
} from "../../api/approvals.ts";
import { PkgstashError } from "../../errors.ts";
import type { Approval, ApprovalMember } from "../../building/decisions/approvals.ts";
import { buildsToDecide } from "../../building/queue/builds_to_decide.ts";
import type { FilePair, Inspection, ReadableFile } from "../../building/decisions/inspection.ts";
import { attributionReport } from "./attribution.ts";
import { maintainersReport, repositoryText } from "./aur.ts";
import { buildReport } from "./builds.ts";
import { changesOf } from "./build_settings.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const approvalRoutes: readonly Route[] = [
  handle(LIST_APPROVALS, async ({ building: { decisions, builds } }) => ({
    approvals: (await decisions.approvals()).map(approvalReport),
    builds: buildsToDecide(builds.all()).map((build) => buildReport(build, builds)),
  })),
  handle(SHOW_APPROVAL, async ({ path: { id }, query, building }): Promise<ApprovalDetail> => {
    const approval = await building.decisions.approval(id);
    const seen = query.since?.split(",") ?? [];
    const packages: InspectedReport[] = [];
    for (const member of approval.members) {
      packages.push(inspectedReport(member, await building.inspect(member, seen)));
    }
    return { ...approvalReport(approval), packages };
  }),
  handle(LIST_APPROVAL_FILES, async ({ path: { id }, building }) => {
    const approval = await building.decisions.approval(id);
    const packages = [];
    for (const member of approval.members) {
      const files = await building.filesOf(member);
      packages.push({ base: member.watched.base, files: files.map(filePairReport) });
    }
    return { packages };
  }),
  handle(APPROVE, async ({ path: { id }, body, building: { decisions }, principal, note }) => {
    const waiting = await decisions.approval(id);
    if (!waiting.isAsked && body.reason === undefined) {
      throw new PkgstashError(
        "conflict",
        `Cannot approve ${id} now: ${waiting.reasons.join("; ")}. To approve it anyway, state a ` +
          "reason: --reason TEXT.",
      );
    }
    const by = principal?.name ?? "";
    const report = approvalReport(
      await decisions.approve(id, { by, reason: body.reason ?? "" }),
    );
    note({ packages: report.packages, reason: body.reason ?? "" });
    return report;
  }),
  handle(REJECT, async ({ path: { id }, body, building: { decisions }, principal, note }) => {
    const report = approvalReport(
      await decisions.reject(id, { by: principal?.name ?? "", ...body }),
    );
    note({ packages: report.packages, ...body });
    return report;
  }),
];

function approvalReport(approval: Approval): ApprovalReport {
  const { id, kind, members, reasons, isAsked, passesAt, pushedAt } = approval;
  return {
    id,
    kind,
    packages: members.map(changeReport),
    reasons: [...reasons],
    is_asked: isAsked,
    passes_at: timestampOrNull(passesAt),
    pushed_at: timestamp(pushedAt),
  };
}

function changeReport({ watched, candidate, proposed }: ApprovalMember) {
  const { base, accepted } = watched;
  return {
    base,
    accepted: accepted?.version ?? null,
    version: candidate.version,
    tree: candidate.treeHash,
    settings: proposed === null
      ? null
      : { ...attributionReport(proposed), changes: changesOf(watched, proposed) },
  };
}

function inspectedReport(
  member: ApprovalMember,
  { verdict, facts, diff, comparedWith, sources, dependencies }: Inspection,
): InspectedReport {
  const { info, maintainers, news } = member.watched;
  return {
    ...changeReport(member),
    verdict,
    facts: facts.map((fact) => ({ ...fact })),
    diff: diff.map((line) => ({ ...line })),
    compared_with: comparedWith,
    sources: [...sources],
    dependencies: [...dependencies],
    description: info?.description ?? null,
    repository: repositoryText(member.watched),
    maintainers: maintainersReport(maintainers.at(-1)),
    maintainer_history: maintainers.map((each) => ({
      at: timestamp(each.at),
      ...maintainersReport(each),
    })),
    votes: info?.votes ?? null,
    popularity: info?.popularity ?? null,
    first_submitted: timestampOrNull(info?.firstSubmitted ?? null),
    pushed_at: timestamp(member.candidate.pushedAt),
    news: news.map(({ at, text }) => ({ at: timestamp(at), text })).reverse(),
  };
}

function filePairReport({ path, before, after, isChanged }: FilePair): FilePairReport {
  return { path, before: copied(before), after: copied(after), is_changed: isChanged };
}

function copied(file: ReadableFile | null): FileReport | null {
  return file === null ? null : { ...file };
}
