import type { HttpClient } from "../../platform/http_client.ts";

/** The right to use a client until disposed, once or more often. */
export interface Connection extends Disposable {
  readonly client: HttpClient;
}

/** A shared HTTP client, which closes when its last user is done. */
export class Connections {
  readonly #client: HttpClient;
  #users = 0;
  #isClosing = false;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  use(): Connection {
    this.#users++;
    let isInUse = true;
    return {
      client: this.#client,
      [Symbol.dispose]: () => {
        if (!isInUse) return;
        isInUse = false;
        this.#users--;
        this.#closeIfUnused();
      },
    };
  }

  /** Closes the client now if nobody uses it, otherwise as soon as nobody does. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#isClosing && this.#users === 0) this.#client[Symbol.dispose]();
  }
}
