import type { PublicationReport } from "../../../api/repositories.ts";
import { counted } from "../../elements/quantities.tsx";

/** The outcome of a change, for people. `done` describes it if it is published at once. */
export function publicationText(
  done: string,
  { generation, warnings, waiting }: PublicationReport,
): string {
  const sentence = waiting > 0
    ? `${counted(waiting, "file awaits", "files await")} signatures; then the change is published.`
    : generation === null
    ? "Nothing has changed."
    : `${done}, with publication ${generation.number}.`;
  return [sentence, ...warnings].join(" ");
}
