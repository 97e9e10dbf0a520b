// Compares the permissions of the binary with what the program uses.
import { assertEquals } from "@std/assert";
import manifest from "../../../deno.json" with { type: "json" };
import { environmentName, TOKEN_VARIABLE, UPSTREAM_KEYS } from "../../../src/config/schema.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT } from "../../../src/config/out_of_reach.ts";
import { DEFAULT_CONFIG_PATH } from "../../../src/config/read_config.ts";
import { HOME_VARIABLES } from "../../../src/platform/permissions.ts";
import { CREDENTIALS_VARIABLE } from "../../../src/platform/systemd/credential.ts";
import { JOURNAL_VARIABLE } from "../../../src/platform/systemd/journal.ts";
import { NOTIFY_VARIABLES } from "../../../src/platform/systemd/service_manager.ts";

const { binary, server } = manifest.permissions;

/** Variables of the commands that talk to a daemon. */
const COMMAND_VARIABLES = ["PKGSTASH_URL", ...HOME_VARIABLES];

Deno.test("the binary may read the variable of every key, and no unused variable", () => {
  const keys = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)];
  assertEquals(
    binary.env.toSorted(),
    [
      TOKEN_VARIABLE.name,
      ...COMMAND_VARIABLES,
      ...keys.map(environmentName),
      CREDENTIALS_VARIABLE,
      JOURNAL_VARIABLE,
      ...NOTIFY_VARIABLES,
    ].toSorted(),
  );
});

Deno.test("the binary's paths are those of cache, state, configuration, mirrorlists and systemd", () => {
  const own = [BINARY_CACHE_ROOT, BINARY_STATE_ROOT, "/srv/pkgstash"];
  const notify = "/run/systemd/notify";
  // "/" is for the files of a command's user; the daemon gives it up.
  assertEquals(binary.write.toSorted(), ["/", ...own, notify].toSorted());
  const configuration = DEFAULT_CONFIG_PATH.replace(/\/[^/]+$/, "");
  const read = ["/", ...own, configuration, "/etc/pacman.d", "/run/credentials", notify];
  assertEquals(binary.read.toSorted(), read.toSorted());
});

Deno.test("the server permissions include every variable that the binary's daemon keeps", () => {
  const homeVariables: readonly string[] = HOME_VARIABLES;
  for (const name of binary.env.filter((each) => !homeVariables.includes(each))) {
    assertEquals(server.env.includes(name) || name.startsWith("PKGSTASH_"), true, name);
  }
});
