import { ADD_PIN, LIST_PINS, type PinReport, REMOVE_PIN } from "../../api/pins.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type CommandArgument, requiredArgument } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { agoText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

const PATTERN: CommandArgument = {
  name: "PATTERN",
  description: "Package name or file name, or a glob of either, with * and ?",
  required: true,
  completion: "cached packages",
};

/** The subcommands of `packages` about pins. */
export const PIN_COMMANDS: readonly Command[] = [
  {
    name: "packages pin",
    summary: "Protect packages from cleanup",
    description: "Pins packages: cleanup keeps them, whatever the limits. The daemon remembers " +
      "these pins in addition to those of its configuration (pinned_packages).",
    arguments: [PATTERN],
    options: [JSON_OPTION, ...CONNECTION_OPTIONS],
    examples: [{
      command: "pkgstash packages pin linux-lts",
      description: "Keep every cached version of linux-lts",
    }],
    run: async (options, output) => {
      const pattern = requiredArgument(options, PATTERN.name);
      const pin = await ApiClient.of(options).call(ADD_PIN, { pattern });
      printAnswer(pin, {
        options,
        output,
        render: ({ pattern }) => `Pinned ${pattern}: cleanup keeps it.`,
      });
      return EXIT_CODE.ok;
    },
  },
  {
    name: "packages unpin",
    summary: "Remove a pin",
    description: "Removes a pin, which must be spelled exactly as it was pinned. Pins of the " +
      "configuration can only be removed there.",
    arguments: [{ ...PATTERN, completion: "pins" }],
    options: CONNECTION_OPTIONS,
    examples: [{
      command: "pkgstash packages unpin linux-lts",
      description: "Remove the pin of linux-lts",
    }],
    run: async (options, output) => {
      const pattern = requiredArgument(options, PATTERN.name);
      await ApiClient.of(options).call(REMOVE_PIN, { pattern });
      output.out(`Unpinned ${pattern}.`);
      return EXIT_CODE.ok;
    },
  },
  {
    name: "packages pins",
    summary: "List the pins",
    description: "Lists the pins of the configuration and those set with packages pin.",
    options: [JSON_OPTION, ...CONNECTION_OPTIONS],
    examples: [{ command: "pkgstash packages pins", description: "All pins" }],
    run: async (options, output) => {
      const list = await ApiClient.of(options).call(LIST_PINS);
      printAnswer(list, { options, output, render: renderPins });
      return EXIT_CODE.ok;
    },
  },
];

function renderPins({ pins }: { pins: readonly PinReport[] }, paints: Paints): string {
  if (pins.length === 0) return "Nothing is pinned.";
  const now = Date.now();
  return renderTable<PinReport>(
    [
      { title: "PATTERN", text: ({ pattern }) => pattern },
      { title: "FROM", text: ({ source }) => source },
      { title: "SINCE", text: ({ since }) => since === null ? "-" : agoText(since, now) },
    ],
    pins,
    paints.title,
  );
}
