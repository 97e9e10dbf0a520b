import { reverseName } from "../formats/network/reverse_name.ts";

/** A resolver that does not respond must not delay the other lookups. */
const TIMEOUT_MS = 3_000;
/** The only form of host name that is stored and shown. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/** Answers the PTR records of a name in `in-addr.arpa` or `ip6.arpa`. */
export type PointerResolver = (name: string, signal: AbortSignal) => Promise<string[]>;

const SYSTEM_RESOLVER: PointerResolver = (name, signal) => Deno.resolveDns(name, "PTR", { signal });

/**
 * The host name of an address from reverse DNS, in lower case; null if there is none. Anyone who
 * controls the zone can choose it, so it is only a label.
 */
export async function hostNameOf(
  address: string,
  signal: AbortSignal,
  resolve: PointerResolver = SYSTEM_RESOLVER,
  timeoutMs: number = TIMEOUT_MS,
): Promise<string | null> {
  const name = reverseName(address);
  if (name === null) return null;
  try {
    const answers = await resolve(name, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    const names = answers.map((answer) => String(answer).replace(/\.$/, ""));
    return names.find((each) => HOST_NAME.test(each))?.toLowerCase() ?? null;
  } catch {
    // No such record, or no response.
    return null;
  }
}
