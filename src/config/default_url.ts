import { SETTINGS } from "./settings.ts";

/** The daemon on this machine, if its port and TLS are not configured. */
export const DEFAULT_DAEMON_URL = `http://localhost:${SETTINGS.port.defaultValue}`;
