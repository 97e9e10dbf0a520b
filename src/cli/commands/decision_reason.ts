import type { CommandOption, OptionValues } from "../command.ts";
import { UsageError } from "../errors.ts";

/** Why something is decided; the list of decisions keeps it. */
export const REASON_OPTION: CommandOption = {
  name: "reason",
  valueName: "TEXT",
  description: "Why, for those who read the list of decisions",
};

/** The reason, which must be given. */
export function reasonIn(options: OptionValues): string {
  const reason = options.get(REASON_OPTION.name)?.trim() ?? "";
  if (reason === "") throw new UsageError("Say why: --reason TEXT.");
  return reason;
}
