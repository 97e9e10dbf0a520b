import type { Config } from "./config.ts";
import { SETTINGS } from "./settings.ts";

/** Warnings about valid but doubtful settings for users that a reverse proxy names. */
export function webUserWarnings(
  { webUserHeader, webApprovers, webAdministrators, trustedProxies }: Pick<
    Config,
    "webUserHeader" | "webApprovers" | "webAdministrators" | "trustedProxies"
  >,
): string[] {
  const header = SETTINGS.webUserHeader.name;
  const proxies = SETTINGS.trustedProxies.name;
  if (webUserHeader === null) {
    return webApprovers.length + webAdministrators.length === 0
      ? []
      : [`Users of the web admin are listed, but have no effect without ${header}.`];
  }
  if (trustedProxies.length === 0) {
    return [`${header} has no effect without ${proxies}, the only ones that may name users.`];
  }
  const isEverybody = trustedProxies.some((network) => /\/0+$/.test(network));
  return isEverybody
    ? [
      `Anybody can act as any user of the web admin: ${proxies} has all addresses, so ${header} ` +
      "is accepted from everywhere.",
    ]
    : [];
}
