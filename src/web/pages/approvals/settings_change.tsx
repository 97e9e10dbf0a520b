import type { InspectedReport } from "../../../api/approvals.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Part } from "../../elements/facts.tsx";
import { Time } from "../../elements/quantities.tsx";
import { sentence } from "./facts.ts";

/** Proposed build settings: by whom, and how they differ from those in force. */
export function SettingsChange(
  { settings: { by, at, reason, changes } }: {
    settings: NonNullable<InspectedReport["settings"]>;
  },
) {
  return (
    <Part title="Changed build settings">
      <p>
        Proposed by <Foreign text={by} /> <Time at={at} />. <Foreign text={sentence(reason)} />
      </p>
      <ul class="fact-list">
        {changes.map(({ name, before, after }) => (
          <li key={name} class="fact-item">
            <strong>{name}</strong>
            <div class="before-after lines">
              {before === null ? null : <Lines kind="del" text={before} />}
              {before === null && after === null ? "nothing" : null}
              {after === null
                ? <span class="quiet">→ nothing</span>
                : <Lines kind="ins" text={after} />}
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Lines({ kind, text }: { kind: "del" | "ins"; text: string }) {
  const Tag = kind;
  return (
    <Tag>
      {text.trimEnd().split("\n").map((line) => (
        <span class="text-line">
          <Foreign text={line} />
        </span>
      ))}
    </Tag>
  );
}
