import type { ClientConfig } from "../../api/client_config.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { visible } from "../visible.ts";

/** Prints what clients write into their configuration. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const config = await (await ApiClient.of(options)).ask<ClientConfig>("client-config");
  output.out(
    options.has("json")
      ? JSON.stringify(config, null, 2)
      : visibleLines(renderClientConfig(config)),
  );
  return EXIT_CODE.ok;
}

function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Lines that can be pasted, with comments that say where. */
export function renderClientConfig({ upstreams, flat_cache_server }: ClientConfig): string {
  return [
    ...upstreams.flatMap(({ name, repositories, server, cache_server }) => [
      `# ${name}: ${repositories.join(", ")}`,
      "# First in the mirrorlist of these repositories:",
      server,
      "# Or, with pacman 6.1 and later, for packages only, in their sections of pacman.conf:",
      `#${cache_server}`,
      "",
    ]),
    "# For any repository, only what is cached already (pacman 6.1 and later):",
    `#${flat_cache_server}`,
  ].join("\n");
}
