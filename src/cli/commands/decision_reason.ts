import type { CommandOption, OptionValues } from "../command.ts";
import { UsageError } from "../errors.ts";

/** Why something is decided; the list of decisions keeps it. */
export const REASON_OPTION: CommandOption = {
  name: "reason",
  valueName: "TEXT",
  description: "Reason, recorded with the decision",
};

/** The reason, which must be given. */
export function reasonIn(options: OptionValues): string {
  const reason = options.get(REASON_OPTION.name)?.trim() ?? "";
  if (reason === "") throw new UsageError("Missing reason: add --reason TEXT.");
  return reason;
}
