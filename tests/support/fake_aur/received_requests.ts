import { Waiters } from "../waiters.ts";

export interface AurRequest {
  readonly method: string;
  readonly path: string;
  /** Those that the AUR understands to be asked for. */
  readonly names: readonly string[];
}

/** The requests that reached the fake AUR. */
export class ReceivedRequests {
  readonly all: AurRequest[] = [];
  readonly #waiters = new Waiters();

  add(request: AurRequest): void {
    this.all.push(request);
    this.#waiters.notify();
  }

  /** Those whose path begins so. */
  count(path = "/"): number {
    return this.all.filter((request) => request.path.startsWith(path)).length;
  }

  /** Resolves once that many requests of such a path have come. */
  reached(count: number, path = "/"): Promise<void> {
    return this.#waiters.until(() => this.count(path) >= count);
  }
}
