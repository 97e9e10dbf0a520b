import { daemonUrl } from "../api_client/endpoint_request.ts";
import { DEFAULT_DAEMON_URL } from "../config/default_url.ts";
import { DEFAULT_CONFIG_PATH } from "../config/read_config.ts";
import { environmentName } from "../config/schema.ts";
import { SETTINGS } from "../config/settings.ts";
import { parseToml } from "../config/toml_document.ts";
import { UsageError } from "./errors.ts";

export const URL_VARIABLE = "PKGSTASH_URL";
export const PORT_VARIABLE = environmentName(SETTINGS.port);

/** Where the URL is looked up; replaced in tests. */
export interface UrlPlaces {
  readonly getEnvironment: (name: string) => string | undefined;
  readonly readFile: (path: string) => string;
}

const THIS_MACHINE: UrlPlaces = {
  getEnvironment: (name) => Deno.env.get(name),
  readFile: (path) => {
    // Query first: without permission, reading would prompt on a terminal.
    const { state } = Deno.permissions.querySync({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable(path);
    return Deno.readTextFileSync(path);
  },
};

/**
 * The URL in `--url`, else in the environment, else that of the daemon on this machine, whose port
 * the environment or the default configuration file may set.
 *
 * @throws UsageError if it is not an HTTP URL.
 */
export function findDaemonUrl(given: string | undefined, places = THIS_MACHINE): string {
  const text = given ?? (places.getEnvironment(URL_VARIABLE) || localUrl(places));
  const url = daemonUrl(text);
  if (url !== null) return url;
  throw new UsageError(`"${text}" is not an HTTP URL such as ${DEFAULT_DAEMON_URL}.`);
}

function localUrl({ getEnvironment, readFile }: UrlPlaces): string {
  // The daemon and its commands may share an environment, as in a container.
  const port = portIn(getEnvironment(PORT_VARIABLE)) ?? portIn(configuredPort(readFile));
  return port === null ? DEFAULT_DAEMON_URL : `http://localhost:${port}`;
}

/**
 * The port in the configuration file. An invalid file is ignored: the daemon may run with an
 * earlier version of it.
 */
function configuredPort(readFile: UrlPlaces["readFile"]): unknown {
  try {
    return parseToml(readFile(DEFAULT_CONFIG_PATH)).table[SETTINGS.port.name];
  } catch {
    return undefined;
  }
}

/** Null for an invalid port, and for 0: only the daemon knows which port the system then chose. */
function portIn(value: unknown): number | null {
  const parsed = SETTINGS.port.type.parse(value, "/");
  return parsed.ok && parsed.value > 0 ? parsed.value : null;
}
