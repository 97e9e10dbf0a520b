import type { Command } from "../command.ts";
import { renderCommandHelp } from "../help.ts";
import { EXIT_CODE } from "../errors.ts";
import { AUR_JUDGE_COMMAND } from "./aur_judge.ts";

export const AUR_COMMAND: Command = {
  name: "aur",
  summary: "Judge changes of packages from the AUR",
  description: "Shows what a change to a package source of the AUR amounts to.",
  options: [],
  examples: AUR_JUDGE_COMMAND.examples,
  subcommands: [AUR_JUDGE_COMMAND],
  run: (_, output) => {
    output.err(renderCommandHelp(AUR_COMMAND));
    return Promise.resolve(EXIT_CODE.usage);
  },
};
