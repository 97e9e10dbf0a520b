import type { Config } from "./config.ts";
import { SETTINGS } from "./settings.ts";

/** Whatever is odd, though valid, about the users named by a reverse proxy, in sentences. */
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
      : [`Users of the web admin are listed, but ${header} is not set, so nobody is one.`];
  }
  if (trustedProxies.length === 0) {
    return [`${header} has no effect without ${proxies}: only those are believed who a user is.`];
  }
  const isEverybody = trustedProxies.some((network) => /\/0+$/.test(network));
  return isEverybody
    ? [
      `Anybody can be any user of the web admin: ${header} is set, and ${proxies} has all addresses.`,
    ]
    : [];
}
