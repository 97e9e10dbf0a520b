import type { Config } from "../config/config.ts";
import { clientNetwork } from "../formats/network/ip_address.ts";
import type { Refusal } from "./connections.ts";

/** Counts requests that are being answered, of each client and of all. */
export class RequestsInFlight {
  readonly #byClient = new Map<string, number>();
  #count = 0;

  /**
   * Begins a request of the client with this address. Returns what ends it, or why it must be
   * refused.
   */
  begin(
    address: string,
    { maxRequests, maxClientRequests }: Pick<Config, "maxRequests" | "maxClientRequests">,
  ): (() => void) | Refusal {
    const client = clientNetwork(address);
    const count = this.#byClient.get(client) ?? 0;
    if (maxClientRequests > 0 && count >= maxClientRequests) return "client";
    if (maxRequests > 0 && this.#count >= maxRequests) return "all";
    this.#byClient.set(client, count + 1);
    this.#count++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count--;
      const left = (this.#byClient.get(client) ?? 1) - 1;
      if (left === 0) this.#byClient.delete(client);
      else this.#byClient.set(client, left);
    };
  }
}
