import { AsyncLocalStorage } from "node:async_hooks";
import { receivedBy, viaOf } from "../../formats/http/via.ts";

/** The longest sensible chain of daemons that use each other as mirrors. */
const MAX_HOPS = 8;
/**
 * What daemons call themselves. Other names in a Via header may be host names, and are not passed
 * on.
 */
const PSEUDONYM = /^pkgstash-[0-9a-f]{12}$/;

const passed = new AsyncLocalStorage<readonly string[]>();

/**
 * Detects when daemons use each other as mirrors, so that a request does not go round in circles.
 * Requests to mirrors list in Via the daemons that they have passed, including this one, under
 * names that reveal nothing.
 */
export class Hops {
  readonly #pseudonym = `pkgstash-${crypto.randomUUID().slice(-12)}`;

  /** The Via header of requests sent by the present work. */
  get via(): string {
    return viaOf([...passed.getStore() ?? [], this.#pseudonym]);
  }

  /** Whether the present work is done on behalf of another daemon. */
  get isForAnother(): boolean {
    return passed.getStore() !== undefined;
  }

  /**
   * Handles a request with this Via header: with `cacheOnly` if it has already passed this daemon,
   * or too many; otherwise with `work`, so that everything it starts is done on behalf of the same
   * daemons.
   */
  follow<T>(via: string | null, { work, cacheOnly }: { work: () => T; cacheOnly: () => T }): T {
    const hops = receivedBy(via).filter((name) => PSEUDONYM.test(name));
    if (hops.includes(this.#pseudonym) || hops.length >= MAX_HOPS) return cacheOnly();
    return hops.length === 0 ? work() : passed.run(hops, work);
  }
}
