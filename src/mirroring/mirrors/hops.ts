import { AsyncLocalStorage } from "node:async_hooks";
import { receivedBy, viaOf } from "../../formats/http/via.ts";

/** The longest sensible chain of daemons that have each other as mirrors. */
const MAX_HOPS = 8;
/** What daemons call themselves. Other names in a Via header may be of hosts, and are not passed on. */
const PSEUDONYM = /^pkgstash-[0-9a-f]{12}$/;

const passed = new AsyncLocalStorage<readonly string[]>();

/**
 * Finds out when daemons name each other as mirrors, so that a request does not go round in a circle.
 * Requests to mirrors say in Via whom they passed, this daemon included, by names that tell nothing.
 */
export class Hops {
  readonly #pseudonym = `pkgstash-${crypto.randomUUID().slice(-12)}`;

  /** The Via header of requests that the present work sends. */
  get via(): string {
    return viaOf([...passed.getStore() ?? [], this.#pseudonym]);
  }

  /** Whether the present work is done on behalf of another daemon. */
  get isForAnother(): boolean {
    return passed.getStore() !== undefined;
  }

  /**
   * Does what a request with this Via header wants: `cacheOnly` if it has passed this daemon already,
   * or too many; otherwise `work`, and all that this starts is done on behalf of the same daemons.
   */
  follow<T>(via: string | null, { work, cacheOnly }: { work: () => T; cacheOnly: () => T }): T {
    const hops = receivedBy(via).filter((name) => PSEUDONYM.test(name));
    if (hops.includes(this.#pseudonym) || hops.length >= MAX_HOPS) return cacheOnly();
    return hops.length === 0 ? work() : passed.run(hops, work);
  }
}
