import {
  CHECK_WATCHED,
  HOLD_WATCHED,
  RELEASE_WATCHED,
  REMOVE_WATCHED,
  SET_COOL_DOWN,
} from "../../api/aur.ts";
import { parseDuration } from "../../config/quantities.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type CommandArgument, requiredArgument } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import { visible } from "../terminal_text.ts";
import { AUR_ADD_COMMAND, AUR_IMPORT_COMMAND } from "./aur_add.ts";
import { AUR_JUDGE_COMMAND } from "./aur_judge.ts";
import { AUR_LIST, AUR_SHOW_COMMAND } from "./aur_list.ts";
import { AUR_SETTINGS_COMMAND } from "./aur_settings.ts";
import { REASON_OPTION, reasonIn } from "./decision_reason.ts";

const NAME: CommandArgument = {
  name: "NAME",
  description: "Name of a watched package or package base",
  required: true,
  completion: "watched packages",
};

const TIME: CommandArgument = {
  name: "TIME",
  description: 'A duration such as 3d, 0 for none, or "default" for the configured one',
  required: true,
};

export const AUR_COMMAND: Command = {
  ...AUR_LIST,
  name: "aur",
  subcommands: [
    { ...AUR_LIST, name: "aur list", summary: "List the watched packages" },
    AUR_ADD_COMMAND,
    AUR_IMPORT_COMMAND,
    AUR_SHOW_COMMAND,
    AUR_SETTINGS_COMMAND,
    {
      name: "aur check",
      summary: "Check the AUR for changes now",
      description: "Queries the AUR for all watched packages now instead of at the next " +
        "check_interval.",
      options: [JSON_OPTION, ...CONNECTION_OPTIONS],
      examples: [{ command: "pkgstash aur check", description: "Check for new pushes" }],
      run: async (options, output) => {
        const report = await ApiClient.of(options).call(CHECK_WATCHED);
        printAnswer(report, {
          options,
          output,
          render: ({ changed, failure }) =>
            [
              ...(failure === null ? [] : [visible(`${failure}.`)]),
              changed.length === 0
                ? "Nothing new."
                : visible(`New files: ${changed.join(", ")}. See pkgstash aur list.`),
            ].join("\n"),
        });
        return report.failure === null ? EXIT_CODE.ok : EXIT_CODE.failure;
      },
    },
    {
      name: "aur hold",
      summary: "Stop building a package, or release it again",
      description: "Holds a package: it is not built until you release it. Published versions " +
        "stay available.",
      arguments: [NAME],
      options: [
        REASON_OPTION,
        { name: "release", valueName: null, description: "Release it again" },
        ...CONNECTION_OPTIONS,
      ],
      examples: [
        { command: 'pkgstash aur hold foo --reason "2.0 breaks X"', description: "Hold it" },
        { command: "pkgstash aur hold foo --release", description: "Release it" },
      ],
      run: async (options, output) => {
        const name = requiredArgument(options, NAME.name);
        const client = ApiClient.of(options);
        if (options.has("release")) {
          await client.call(RELEASE_WATCHED, { name });
          output.out(`Released ${name}.`);
        } else {
          await client.call(HOLD_WATCHED, { name, body: { reason: reasonIn(options) } });
          output.out(`Held ${name}: it is not built until pkgstash aur hold ${name} --release.`);
        }
        return EXIT_CODE.ok;
      },
    },
    {
      name: "aur cool-down",
      summary: "Set the cool-down of a package",
      description: "Overrides the configured cool-down for one package. The longer one after a " +
        "change of maintainers still applies.",
      arguments: [NAME, TIME],
      options: [REASON_OPTION, ...CONNECTION_OPTIONS],
      examples: [{
        command: 'pkgstash aur cool-down foo 0 --reason "my own package"',
        description: "Let version bumps of foo pass at once",
      }],
      run: async (options, output) => {
        const name = requiredArgument(options, NAME.name);
        const time = requiredArgument(options, TIME.name);
        const ms = time === "default" ? null : parseDuration(time);
        if (ms === null && time !== "default") {
          throw new UsageError(`${TIME.name} must be a duration such as 3d or 12h, 0, or default.`);
        }
        const body = { ms, reason: reasonIn(options) };
        await ApiClient.of(options).call(SET_COOL_DOWN, { name, body });
        output.out(`Set the cool-down of ${name} to ${time}.`);
        return EXIT_CODE.ok;
      },
    },
    {
      name: "aur remove",
      summary: "Stop watching a package",
      description: "Stops watching a package base. Published packages stay in the repository; " +
        'remove them with "pkgstash repo remove".',
      arguments: [NAME],
      options: CONNECTION_OPTIONS,
      examples: [{ command: "pkgstash aur remove yay", description: "Stop building yay" }],
      run: async (options, output) => {
        const name = requiredArgument(options, NAME.name);
        await ApiClient.of(options).call(REMOVE_WATCHED, { name });
        output.out(`${name} is no longer watched. Its published packages stay in the repository.`);
        return EXIT_CODE.ok;
      },
    },
    AUR_JUDGE_COMMAND,
  ],
};
