import type { Config } from "./config.ts";
import { MAIN_UPSTREAM, TOKEN_VARIABLE, UPSTREAM_KEYS, upstreamKey } from "./schema.ts";
import { SETTINGS } from "./settings.ts";

/**
 * What a new configuration no longer contains, and what that means. An empty file is valid, so
 * nothing else would reveal that it was emptied by mistake.
 */
export function lossesOf(old: Config, fresh: Config): string[] {
  const losses: string[] = [];
  if (old.token !== null && fresh.token === null) {
    losses.push(`${TOKEN_VARIABLE.name} was removed: the API no longer accepts the administrator`);
  }
  if (old.allowedNetworks.length > 0 && fresh.allowedNetworks.length === 0) {
    losses.push(
      `${SETTINGS.allowedNetworks.name} was removed: clients from all networks are served`,
    );
  }
  for (const upstream of old.upstreams) {
    const { name } = upstream;
    const now = fresh.upstreams.find((other) => other.name === name);
    const table = name === MAIN_UPSTREAM.name ? "the main upstream" : `[upstreams.${name}]`;
    if (now === undefined) {
      losses.push(`${table} was removed: its clients get 404`);
      continue;
    }
    if (!hasDefaultMirrors(upstream) && hasDefaultMirrors(now)) {
      const key = upstreamKey(name, UPSTREAM_KEYS.mirrorUrls);
      losses.push(`${key} was removed: the default mirrors are used`);
    }
    const missing = upstream.repositories.filter((each) => !now.repositories.includes(each));
    if (missing.length > 0) {
      losses.push(`${table} no longer has ${missing.join(", ")}: their clients get 404`);
    }
  }
  return losses;
}

function hasDefaultMirrors({ name, mirrorUrls, mirrorlist }: Config["upstreams"][number]): boolean {
  return name === MAIN_UPSTREAM.name && mirrorlist === "" &&
    mirrorUrls.join() === MAIN_UPSTREAM.mirrorUrls.join();
}
