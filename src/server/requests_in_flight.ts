import { eventLoopTurn } from "../async/event_loop_turn.ts";
import type { Config } from "../config/config.ts";
import { clientNetwork } from "../formats/network/ip_address.ts";
import { remembered } from "../platform/remembered.ts";
import type { Refusal } from "./connections.ts";

/** The keys that limit requests. */
type RequestLimits = Pick<Config, "maxRequests" | "maxClientRequests">;

const networkOf = remembered(clientNetwork);

/** Counts requests in flight, per client and in total. */
export class RequestsInFlight {
  readonly #byClient = new Map<string, number>();
  #count = 0;

  /**
   * Begins a request of the client with this address. Returns a function that ends it, or why it
   * must be refused.
   */
  async admit(address: string, limits: RequestLimits): Promise<(() => void) | Refusal> {
    const begun = this.begin(address, limits);
    if (typeof begun !== "string") return begun;
    // Deno reports the next request on a connection before the end of the previous one.
    await eventLoopTurn();
    return this.begin(address, limits);
  }

  /** Like `admit`, but does not wait for a request that may already have ended. */
  begin(
    address: string,
    { maxRequests, maxClientRequests }: RequestLimits,
  ): (() => void) | Refusal {
    const client = networkOf(address);
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
