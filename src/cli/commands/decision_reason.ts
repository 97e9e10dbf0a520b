import type { CommandOption, OptionValues } from "../command.ts";
import { UsageError } from "../errors.ts";

/** The reason for a decision, which the history of decisions keeps. */
export const REASON_OPTION: CommandOption = {
  name: "reason",
  valueName: "TEXT",
  description: "Reason, recorded with the decision",
};

/** The reason of a decision that requires one. Throws UsageError without it. */
export function reasonIn(options: OptionValues): string {
  const reason = options.get(REASON_OPTION.name)?.trim() ?? "";
  if (reason === "") throw new UsageError("Missing reason: add --reason TEXT.");
  return reason;
}
