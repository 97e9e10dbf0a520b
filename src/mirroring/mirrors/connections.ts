import type { HttpClient } from "../../platform/http_client.ts";

/** The right to use a client until it is disposed of, once or more often. */
export interface Connection extends Disposable {
  readonly client: HttpClient;
}

/** An HTTP client that is shared, and closes when the last user of it is done. */
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

  /** Closes the client now if nobody uses it, otherwise as soon as that is so. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#isClosing && this.#users === 0) this.#client[Symbol.dispose]();
  }
}
