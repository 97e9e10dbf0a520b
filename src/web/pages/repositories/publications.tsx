import type { GenerationReport } from "../../../api/repositories.ts";
import { ActionForm } from "../../elements/forms.tsx";
import { Empty } from "../../elements/messages.tsx";
import { Time } from "../../elements/quantities.tsx";
import { NextPager } from "../../elements/pager.tsx";
import { Table } from "../../elements/table.tsx";

const CHANGES_SHOWN = 5;

/** The kept publications, the latest first, each with a button to roll back to it. */
export function Publications(
  { generations, next, current }: {
    generations: readonly GenerationReport[];
    /** Where the next page starts; null on the last. */
    next: number | null;
    /** The number of the one being served; null if there is none. */
    current: number | null;
  },
) {
  if (generations.length === 0) {
    return (
      <Empty title="Nothing published yet.">
        <p>Every change creates a numbered publication that you can roll back to.</p>
      </Empty>
    );
  }
  return (
    <>
      <Table
        name="Publications"
        rows={generations}
        keyOf={({ number }) => String(number)}
        columns={[
          { title: "Number", cell: ({ number }) => number },
          { title: "Published", cell: ({ published_at }) => <Time at={published_at} /> },
          {
            title: "What changed",
            cell: ({ changes }) => changesText(changes),
            from: "medium",
          },
          { title: "By", cell: ({ by }) => by, from: "medium" },
          { title: "Action", cell: ({ action }) => action, from: "wide" },
          {
            title: "Actions",
            isAction: true,
            cell: ({ number }) =>
              number === current ? <span class="quiet">served now</span> : (
                <ActionForm
                  action="rollback"
                  fields={{ generation: number }}
                  button="Roll back"
                  weight="quiet"
                  label={`Roll back to publication ${number}`}
                />
              ),
          },
        ]}
      />
      <NextPager next={next} name="before" label="Pages of the publications" />
    </>
  );
}

function changesText(changes: GenerationReport["changes"]): string {
  const texts = changes.slice(0, CHANGES_SHOWN).map(({ kind, name, from, to }) => {
    const versions = from !== null && to !== null ? ` ${from} → ${to}` : ` ${to ?? from ?? ""}`;
    return `${name}${versions} ${kind}`;
  });
  const more = changes.length - texts.length;
  return more > 0 ? `${texts.join(", ")} and ${more} more` : texts.join(", ");
}
