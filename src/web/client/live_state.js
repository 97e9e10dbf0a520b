// Shows whether a page is live, and if not, since when.
{
  /** Streams reconnect quickly, so short gaps are not shown. */
  const GRACE_MS = 3_000;

  class LiveState extends HTMLElement {
    /** @type {number | undefined} */
    #timer;

    connectedCallback() {
      const stream = this.closest("body");
      if (stream === null) return;
      stream.addEventListener("htmx:sse:after:connection", () => this.#show(null));
      for (const name of ["htmx:sse:before:connection", "htmx:sse:error", "htmx:sse:close"]) {
        stream.addEventListener(name, () => this.#miss());
      }
    }

    #miss() {
      const since = new Date();
      this.#timer ??= setTimeout(() => this.#show(since), GRACE_MS);
    }

    /** @param {Date | null} since */
    #show(since) {
      clearTimeout(this.#timer);
      if (since === null) this.#timer = undefined;
      const time = since?.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      this.toggleAttribute("data-stale", since !== null);
      this.textContent = since === null ? "Live" : `Not live since ${time}`;
    }
  }
  customElements.define("live-state", LiveState);
}
