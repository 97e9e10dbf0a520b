import { hostName } from "../../platform/host_name.ts";
import { isIP } from "node:net";

/** Where this daemon listens. */
export interface ListenAddress {
  readonly listenAddress: string;
  readonly port: number;
}

/**
 * Whether a mirror is this daemon itself, judging by its address: on a machine that is its own
 * client, pacman's mirrorlist names the daemon first.
 */
export function isOwnAddress(mirror: string, { listenAddress, port }: ListenAddress): boolean {
  const url = new URL(mirror);
  if (Number(url.port || (url.protocol === "https:" ? 443 : 80)) !== port) return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (isIP(host) !== 0) return /^127\.|^::1?$|^0\.0\.0\.0$/.test(host) || host === listenAddress;
  const own = hostName().toLowerCase();
  const [label] = own.split(".");
  return ["localhost", listenAddress.toLowerCase(), own, label, `${label}.local`].includes(host);
}
