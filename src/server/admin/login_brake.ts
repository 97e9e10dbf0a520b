import { clientNetwork } from "../../formats/network/ip_address.ts";

/** Wrong tokens that an address may send without waiting. */
const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 10_000;
const MAX_WAIT_MS = 15 * 60_000;
/** How long failures are held against an address. */
const MEMORY_MS = 60 * 60_000;
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  lastAt: number;
}

/** Slows down guessing of tokens. An IPv6 network counts as one address. */
export class LoginBrake {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds that an address must wait before its next attempt. */
  waitMs(address: string): number {
    const failures = this.#failuresOf(address);
    if (failures === null || failures.count < FREE_FAILURES) return 0;
    const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures.count - FREE_FAILURES));
    return Math.max(0, failures.lastAt + wait - this.#now());
  }

  /** Records a wrong token. */
  failed(address: string): void {
    const count = (this.#failuresOf(address)?.count ?? 0) + 1;
    const network = clientNetwork(address);
    this.#failures.delete(network);
    this.#failures.set(network, { count, lastAt: this.#now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }

  /** Clears the failures of an address that sent a valid token. */
  succeeded(address: string): void {
    this.#failures.delete(clientNetwork(address));
  }

  #failuresOf(address: string): Failures | null {
    const failures = this.#failures.get(clientNetwork(address));
    return failures === undefined || failures.lastAt + MEMORY_MS < this.#now() ? null : failures;
  }
}
