import { reverseName } from "../formats/network/reverse_name.ts";

/** A resolver that does not answer must not hold up the others. */
const TIMEOUT_MS = 3_000;
/** What is shown and stored: the letters of host names, whatever an answer has. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/** Answers the PTR records of a name in `in-addr.arpa` or `ip6.arpa`. */
export type PointerResolver = (name: string, signal: AbortSignal) => Promise<string[]>;

const SYSTEM_RESOLVER: PointerResolver = (name, signal) => Deno.resolveDns(name, "PTR", { signal });

/**
 * The host name that reverse DNS says an address has; null if it says none. Whoever answers for the
 * network says what he likes, so it is a label and proves nothing.
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
    // There is no such record, or nobody answers.
    return null;
  }
}
