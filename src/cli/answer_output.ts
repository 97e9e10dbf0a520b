import type { CommandOption, OptionValues } from "./command.ts";
import type { Output } from "./output.ts";
import { type Paints, paintsFor } from "./terminal_text.ts";

export const JSON_OPTION: CommandOption = {
  name: "json",
  valueName: null,
  description: "Print JSON",
};

/** Prints an API response: as JSON with `--json`, otherwise as `render` formats it. */
export function printAnswer<T>(
  answer: T,
  { options, output, render }: {
    options: OptionValues;
    output: Output;
    render: (answer: T, paints: Paints) => string;
  },
): void {
  output.out(
    options.has(JSON_OPTION.name)
      ? JSON.stringify(answer, null, 2)
      : render(answer, paintsFor(output)),
  );
}
