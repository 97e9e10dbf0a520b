import type { PublicationReport } from "../../../api/repositories.ts";
import { counted } from "../../elements/quantities.tsx";

/** What a change became, given what it would be called if it is published at once. */
export function publicationText(
  done: string,
  { generation, warnings, waiting }: PublicationReport,
): string {
  const sentence = waiting > 0
    ? `${counted(waiting, "file waits", "files wait")} for signatures; then it is published.`
    : generation === null
    ? "Nothing has changed."
    : `${done}, with publication ${generation.number}.`;
  return [sentence, ...warnings].join(" ");
}
