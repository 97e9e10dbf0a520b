import { type ClientConfig, SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import { keyCommands } from "../../api/key_commands.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command, CommandOption } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { visible } from "../terminal_text.ts";

const DATE: CommandOption = {
  name: "date",
  valueName: "DATE",
  description: "Hold clients at the end of a day (UTC), or at a time such as 2026-11-20T12:00Z",
};

export const CLIENT_CONFIG_COMMAND: Command = {
  name: "client-config",
  summary: "Print the pacman configuration for clients",
  description: "Prints the mirrorlist lines, the CacheServer lines, and the sections and keys " +
    "of your own repositories, based on the daemon's configuration and the URL that it was " +
    "reached by. A loopback address is replaced with the host name. Needs no token.",
  options: [DATE, JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{
    command: "pkgstash client-config --url http://stash.lan:8090",
    description: "For clients that reach the daemon as stash.lan",
  }, {
    command: "pkgstash client-config --date 2026-11-20",
    description: "For clients that are held at the state of that day",
  }],
  run: async (options, output) => {
    const date = options.get(DATE.name);
    const config = await ApiClient.of(options).call(
      SHOW_CLIENT_CONFIG,
      date === undefined ? {} : { date },
    );
    printAnswer(config, {
      options,
      output,
      render: (config) => renderClientConfig(config, date !== undefined),
    });
    return EXIT_CODE.ok;
  },
};

/** Lines to paste, with comments that say where. `isHeld`: whether a date was given. */
function renderClientConfig(
  config: ClientConfig,
  isHeld: boolean,
): string {
  const { upstreams, own_repositories } = config;
  const { add, trust } = keyCommands(config);
  return [
    ...(isHeld ? ["# To move clients back to an earlier day: pacman -Syyuu", ""] : []),
    ...upstreams.flatMap((
      { name, repositories, server, cache_server, flat_cache_server, held_at },
    ) => [
      `# ${name}: ${repositories.join(", ")}`,
      ...isHeld && held_at === null
        ? ["# Not held, because keep_snapshots is 0: these lines follow the current state."]
        : [],
      "# At the top of the mirrorlist of these repositories:",
      server,
      "# Or, with pacman 6.1 and later, for packages only, in their pacman.conf sections:",
      `#${cache_server}`,
      "# Or only for packages that are already cached, for any of these repositories:",
      `#${flat_cache_server}`,
      "",
    ]),
    ...(add.length === 0 ? [] : [
      "# Your own packages are signed. Run once on each client, as root:",
      ...[...add, ...trust].map((command) => `#  ${command}`),
      "",
    ]),
    ...own_repositories.flatMap(({ name, server, sig_level }) => [
      `# In pacman.conf:`,
      `[${name}]`,
      sig_level,
      server,
      "",
    ]),
  ].slice(0, -1).map(visible).join("\n");
}
