// Holds back updates of a list while its top is scrolled out of view, so that nothing moves under
// the reader, and offers them with a button.
{
  /** Up to this scroll distance, the top counts as in view. */
  const NEAR_PX = 8;

  class HeldList extends HTMLElement {
    /** The live region. */
    #region = /** @type {HTMLElement | null} */ (null);
    /** The HTML held back; null if the region is current. */
    #held = /** @type {string | null} */ (null);

    connectedCallback() {
      this.#region = this.querySelector("[id]");
      this.#button?.addEventListener("click", async () => {
        await this.#show();
        // Scroll after the update, which has moved the rest down.
        this.scrollIntoView();
      });
      document.addEventListener("htmx:before:swap", this.#onSwap);
      document.addEventListener("scroll", this.#onScroll, { passive: true });
    }

    disconnectedCallback() {
      document.removeEventListener("htmx:before:swap", this.#onSwap);
      document.removeEventListener("scroll", this.#onScroll);
    }

    get #button() {
      return this.querySelector("button");
    }

    get #isAway() {
      return this.getBoundingClientRect().top < -NEAR_PX;
    }

    #onSwap = (/** @type {any} */ { detail: { tasks } }) => {
      const at = tasks.findIndex((/** @type {any} */ { type, target }) =>
        type === "partial" && target === this.#region
      );
      if (at < 0) return;
      if (!this.#isAway) return this.#hold(null);
      const [{ fragment }] = tasks.splice(at, 1);
      const holder = document.createElement("div");
      holder.append(fragment);
      this.#hold(holder.innerHTML);
    };

    #onScroll = () => {
      if (!this.#isAway) this.#show();
    };

    async #show() {
      const [html, target] = [this.#held, this.#region];
      this.#hold(null);
      if (html === null || target === null) return;
      // @ts-ignore: htmx is bundled into the same file.
      await htmx.swap({ text: html, target, sourceElement: target, swap: "innerMorph" });
    }

    /** @param {string | null} html */
    #hold(html) {
      this.#held = html;
      if (this.#button !== null) this.#button.hidden = html === null;
    }
  }
  customElements.define("held-list", HeldList);
}
