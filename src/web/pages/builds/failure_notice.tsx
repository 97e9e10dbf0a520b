import type { BuildReport } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Notice } from "../../elements/messages.tsx";
import { Time } from "../../elements/quantities.tsx";
import { sentence } from "../approvals/facts.ts";
import { LogText } from "./log_line.tsx";
import { logHref } from "./log_view.tsx";
import { failureText, helpFor } from "./words.ts";

/** Log lines around a reported error. `line` is the error's number, `from` the first line's. */
export interface Excerpt {
  readonly line: number;
  readonly attempt: number;
  readonly from: number;
  readonly lines: readonly string[];
}

/** Why and when a build failed, what helps, and the relevant part of the log. */
export function FailureNotice(
  { build, failure, excerpt, endedAt }: {
    build: number;
    failure: NonNullable<BuildReport["failure"]>;
    excerpt: Excerpt | null;
    endedAt: string | null;
  },
) {
  return (
    <Notice tone="bad" title={failureText(failure)}>
      <p>
        <Foreign text={sentence(failure.reason)} />{" "}
        <span class="quiet">
          <Time at={endedAt} none="" />
        </span>
      </p>
      <p>{helpFor(failure)}</p>
      {excerpt === null
        ? null
        : (
          <div class="excerpt code-lines" role="group" aria-label="The log around the first error">
            {excerpt.lines.map((text, index) => {
              const number = excerpt.from + index;
              const { attempt, from } = excerpt;
              return (
                <div class={number === excerpt.line ? "log-line is-error" : "log-line"}>
                  <a class="line-number" href={`${logHref(build, { attempt, from })}#L${number}`}>
                    {number}
                  </a>
                  <code>
                    <LogText text={text} />
                  </code>
                </div>
              );
            })}
          </div>
        )}
    </Notice>
  );
}
