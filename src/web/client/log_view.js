// Shows a log of any length, keeping only the lines around the visible ones.
{
  const LINE_PX = 18;
  /** Lines per request; LINES_AT_ONCE on the server. */
  const BLOCK = 256;
  /**
   * Browsers limit the height of elements. For longer logs, one pixel of scrolling spans more than
   * one pixel of the log.
   */
  const MAX_HEIGHT_PX = 8_000_000;
  /** Lines kept in memory, around the visible ones. */
  const MAX_KEPT = 20 * BLOCK;
  const LINES_ABOVE_TARGET = 4;

  class LogView extends HTMLElement {
    /** @type {Map<number, Element>} */
    #lines = new Map();
    /** Blocks being fetched, by number. @type {Map<number, Promise<void>>} */
    #coming = new Map();
    #total = 0;
    #target = 0;
    /** @type {number[]} */
    #found = [];
    /** @type {HTMLElement | null} */
    #box = null;
    #spacer = document.createElement("div");
    #layer = document.createElement("div");
    #isDue = false;
    /** Aborted when the element is removed. */
    #end = new AbortController();

    connectedCallback() {
      this.#box = this.querySelector(".log-lines");
      if (this.#box === null) return;
      this.#total = Number(this.dataset["total"]);
      this.#spacer.className = "log-spacer";
      this.#layer.className = "log-layer";
      this.#take(this.#box);
      this.#spacer.append(this.#layer);
      this.#box.replaceChildren(this.#spacer);
      this.classList.add("is-scripted");
      const { signal } = this.#end;
      this.#box.addEventListener("scroll", () => this.#drawSoon(), { passive: true, signal });
      const sizes = new ResizeObserver(() => this.#drawSoon());
      sizes.observe(this.#box);
      signal.addEventListener("abort", () => sizes.disconnect());
      addEventListener("hashchange", () => this.#goToTarget(), { signal });
      this.#watch();
      this.#listenToSearch();
      const end = this.querySelector(".log-end");
      if (end instanceof HTMLElement) {
        end.hidden = false;
        end.addEventListener("click", () => this.#toEnd());
      }
      this.#setHeight();
      if (!this.#goToTarget()) {
        const first = Math.min(...this.#lines.keys());
        const isEnd = this.#lines.has(this.#total);
        if (isEnd || !Number.isFinite(first)) this.#toEnd();
        else this.#scrollTo(first);
      }
      this.#draw();
    }

    disconnectedCallback() {
      this.#end.abort();
    }

    /** Keeps the lines in an element. @param {ParentNode} element */
    #take(element) {
      for (const line of element.querySelectorAll("[data-line]")) {
        this.#lines.set(Number(line.getAttribute("data-line")), line);
      }
    }

    /** Watches the live region that contains the length of the log. */
    #watch() {
      const region = document.getElementById(this.dataset["watch"] ?? "");
      if (region === null) return;
      const observer = new MutationObserver(() => {
        const total = Number(region.querySelector("[data-total]")?.getAttribute("data-total"));
        if (!(total > this.#total)) return;
        const isAtEnd = this.#isAtEnd();
        // It may have been incomplete.
        this.#lines.delete(this.#total);
        this.#total = total;
        if (this.#box !== null) this.#box.hidden = false;
        this.querySelector(".empty")?.remove();
        this.#setHeight();
        if (isAtEnd) this.#toEnd();
        this.#drawSoon();
      });
      observer.observe(region, { subtree: true, childList: true, attributes: true });
      this.#end.signal.addEventListener("abort", () => observer.disconnect());
    }

    get #viewport() {
      return this.#box?.clientHeight ?? 0;
    }

    get #height() {
      return Math.min(MAX_HEIGHT_PX, this.#total * LINE_PX);
    }

    /** The topmost visible line, from 0, with a fraction. */
    get #position() {
      const room = this.#height - this.#viewport;
      if (this.#box === null || room <= 0) return 0;
      const share = Math.min(1, this.#box.scrollTop / room);
      return share * (this.#total - this.#viewport / LINE_PX);
    }

    #setHeight() {
      this.#spacer.style.height = `${this.#height}px`;
    }

    #isAtEnd() {
      if (this.#box === null) return false;
      return this.#box.scrollTop + this.#viewport >= this.#height - LINE_PX;
    }

    #toEnd() {
      if (this.#box !== null) this.#box.scrollTop = this.#height;
    }

    /** @param {number} line */
    #scrollTo(line) {
      const room = this.#height - this.#viewport;
      const lines = this.#total - this.#viewport / LINE_PX;
      const top = Math.max(0, line - 1 - LINES_ABOVE_TARGET);
      if (this.#box !== null && lines > 0) this.#box.scrollTop = Math.min(1, top / lines) * room;
    }

    /** Scrolls to the line in the URL's fragment; returns whether there is one. */
    #goToTarget() {
      const line = Number(/^#L(\d{1,15})$/.exec(location.hash)?.[1] ?? 0);
      if (line < 1 || line > this.#total) return false;
      this.#target = line;
      const top = this.#position + 1;
      if (line < top || line > top + this.#viewport / LINE_PX - 1) this.#scrollTo(line);
      this.#drawSoon();
      return true;
    }

    #drawSoon() {
      if (this.#isDue) return;
      this.#isDue = true;
      requestAnimationFrame(() => {
        this.#isDue = false;
        this.#draw();
      });
    }

    #draw() {
      const box = this.#box;
      if (box === null) return;
      const position = this.#position;
      const first = Math.floor(position) + 1;
      const last = Math.min(this.#total, first + Math.ceil(this.#viewport / LINE_PX));
      this.#layer.style.top = `${box.scrollTop - (position - first + 1) * LINE_PX}px`;
      const shown = [];
      for (let number = first; number <= last; number++) {
        const line = this.#lines.get(number) ?? this.#placeholder();
        line.classList.toggle("is-target", number === this.#target);
        shown.push(line);
      }
      const isSame = shown.length === this.#layer.children.length &&
        shown.every((line, index) => line === this.#layer.children[index]);
      if (!isSame) this.#layer.replaceChildren(...shown);
      this.#fetchAround(first, last);
    }

    #placeholder() {
      const line = document.createElement("div");
      line.className = "log-line";
      return line;
    }

    /** @param {number} first @param {number} last */
    #fetchAround(first, last) {
      const from = Math.floor((first - 1) / BLOCK);
      const to = Math.floor((last - 1) / BLOCK);
      for (let block = from; block <= to; block++) {
        const end = Math.min(last, this.#total, (block + 1) * BLOCK);
        for (let line = Math.max(first, block * BLOCK + 1); line <= end; line++) {
          if (this.#lines.has(line)) continue;
          this.#fetchBlock(block);
          break;
        }
      }
      if (this.#lines.size <= MAX_KEPT) return;
      const middle = (first + last) / 2;
      for (const line of this.#lines.keys()) {
        if (Math.abs(line - middle) > MAX_KEPT / 2) this.#lines.delete(line);
      }
    }

    /** @param {number} block */
    #fetchBlock(block) {
      if (this.#coming.has(block)) return;
      const coming = this.#fetchPage({ from: `${block * BLOCK + 1}` })
        .then((page) => this.#take(page), () => {})
        .then(() => {
          this.#coming.delete(block);
          this.#drawSoon();
        });
      this.#coming.set(block, coming);
    }

    /** @param {Record<string, string>} query @returns {Promise<Document>} */
    async #fetchPage(query) {
      const url = new URL(this.dataset["src"] ?? "", location.href);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const response = await fetch(url, { signal: this.#end.signal });
      if (!response.ok) throw new Error(`Status ${response.status}`);
      return new DOMParser().parseFromString(await response.text(), "text/html");
    }

    #listenToSearch() {
      const form = this.querySelector("form");
      const said = this.querySelector(".log-found");
      if (form === null || said === null) return;
      let searched = "";
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const text = String(new FormData(form).get("q") ?? "");
        if (text === "") return;
        if (text !== searched) {
          try {
            const page = await this.#fetchPage({ q: text });
            this.#found = [...page.querySelectorAll(".matches [data-line]")]
              .map((line) => Number(line.getAttribute("data-line")));
            searched = text;
          } catch {
            said.textContent = "The search failed";
            return;
          }
        }
        if (this.#found.length === 0) {
          said.textContent = "No matches";
          return;
        }
        const next = this.#found.findIndex((line) => line > this.#target);
        const index = next < 0 ? 0 : next;
        this.#target = this.#found[index] ?? 0;
        said.textContent = `Line ${this.#target}, ${index + 1} of ${this.#found.length}`;
        history.replaceState(null, "", `#L${this.#target}`);
        this.#scrollTo(this.#target);
        this.#drawSoon();
      });
    }
  }
  customElements.define("log-view", LogView);
}
