import manifest from "../../deno.json" with { type: "json" };
import { URL_VARIABLE } from "../../src/cli/daemon_url.ts";
import { environmentName, TOKEN_VARIABLE, UPSTREAM_KEYS } from "../../src/config/schema.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { HOME_VARIABLES } from "../../src/platform/permissions.ts";
import { CREDENTIALS_VARIABLE } from "../../src/platform/systemd/credential.ts";
import { JOURNAL_VARIABLE } from "../../src/platform/systemd/journal.ts";
import { NOTIFY_VARIABLES } from "../../src/platform/systemd/service_manager.ts";

const KEY_VARIABLES = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)]
  .map(environmentName);
const ADMINISTRATION_VARIABLES = [TOKEN_VARIABLE.name, URL_VARIABLE];
const COMMAND_VARIABLES = [...ADMINISTRATION_VARIABLES, ...HOME_VARIABLES];
const SYSTEMD_VARIABLES = [CREDENTIALS_VARIABLE, JOURNAL_VARIABLE, ...NOTIFY_VARIABLES];

/** deno.json with the environment variables of the permission set "binary". */
export function withBinaryVariables(denoJson: string): string {
  const variables = [...COMMAND_VARIABLES, ...KEY_VARIABLES, ...SYSTEMD_VARIABLES];
  const list = variables.map((name) => `        ${JSON.stringify(name)}`).join(",\n");
  const LIST = /("binary": \{[^}]*"env": \[)[^\]]*(\])/;
  if (!LIST.test(denoJson)) {
    throw new Error('Cannot generate deno.json: the permission set "binary" has no list "env".');
  }
  return denoJson.replace(LIST, `$1\n${list}\n      $2`);
}

/** The permission set "binary" of deno.json for readers. */
export function permissionList(): string {
  const { read, write, sys } = manifest.permissions.binary;
  return [
    "```text",
    "net    everything",
    `read   ${read.filter((path) => path !== "/").join(" ")}`,
    "       and all files, for the administrator's commands; the daemon gives that up first",
    `write  ${write.filter((path) => path !== "/").join(" ")}`,
    "       and all files, for repo export; everything else gives that up first",
    `sys    ${sys.join(" ")}`,
    "env    PKGSTASH_ and the name of each key, in capitals;",
    `       ${[...ADMINISTRATION_VARIABLES, ...SYSTEMD_VARIABLES].join(" ")}`,
    `       and ${HOME_VARIABLES.join(" ")}, which the daemon gives up`,
    "```",
  ].join("\n");
}
