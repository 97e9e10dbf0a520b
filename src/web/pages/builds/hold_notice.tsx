import type { BuildReport } from "../../../api/builds.ts";
import { Foreign, Visible } from "../../elements/foreign_text.tsx";
import { Notice } from "../../elements/messages.tsx";
import { sentence } from "../approvals/facts.ts";

/** Why a build is held, with its unusual facts. */
export function HoldNotice({ hold }: { hold: NonNullable<BuildReport["hold"]> }) {
  return (
    <Notice tone="warn" title="It needs your decision">
      <p>
        <Foreign text={sentence(hold.reason)} /> Nothing is published until you approve it.
      </p>
      {hold.facts.length === 0 ? null : (
        <ul class="fact-list">
          {hold.facts.map(({ package: name, before, after, reason }) => (
            <li class="fact-item">
              <strong>
                <Foreign text={name} />
              </strong>
              <div>
                <p>
                  <Foreign text={sentence(reason)} />
                </p>
                {before === null && after === null ? null : (
                  <p class="before-after">
                    {before === null ? null : (
                      <del>
                        <Visible text={before} />
                      </del>
                    )}
                    {after === null ? null : (
                      <ins>
                        <Visible text={after} />
                      </ins>
                    )}
                  </p>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
