// Folds viewed files of a diff and remembers them by the hash of the tree.
{
  const PREFIX = "pkgstash-viewed ";
  /** Most trees to remember. */
  const MOST = 50;

  /** @param {string} tree @returns {string[]} */
  const viewedOf = (tree) => {
    try {
      const list = JSON.parse(localStorage.getItem(PREFIX + tree) ?? "[]");
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  };

  /** @param {string} tree @param {string[]} paths */
  const remember = (tree, paths) => {
    try {
      // Removing the key first makes it the newest.
      localStorage.removeItem(PREFIX + tree);
      localStorage.setItem(PREFIX + tree, JSON.stringify(paths));
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
      for (const key of keys.slice(0, Math.max(0, keys.length - MOST))) {
        if (key !== PREFIX + tree) localStorage.removeItem(key);
      }
    } catch {
      // Without storage, files stay viewed only on this page.
    }
  };

  class ViewedFiles extends HTMLElement {
    connectedCallback() {
      const tree = this.dataset["tree"] ?? "";
      const viewed = new Set(viewedOf(tree));
      for (const file of this.querySelectorAll("details")) {
        const label = file.querySelector("label");
        const box = file.querySelector("input");
        if (label === null || box === null) continue;
        const path = file.dataset["path"] ?? "";
        label.hidden = false;
        box.checked = viewed.has(path);
        file.open = !box.checked;
        file.classList.toggle("is-viewed", box.checked);
        box.addEventListener("change", () => {
          if (box.checked) viewed.add(path);
          else viewed.delete(path);
          remember(tree, [...viewed]);
          file.open = !box.checked;
          file.classList.toggle("is-viewed", box.checked);
          if (box.checked) file.querySelector("summary")?.focus();
          this.#count();
        });
      }
      this.#count();
      this.#openTarget();
      addEventListener("hashchange", () => this.#openTarget());
    }

    /** Opens the file of the line in the URL's fragment. */
    #openTarget() {
      const id = decodeURIComponent(location.hash.slice(1));
      const file = id === "" ? null : document.getElementById(id)?.closest("details");
      if (file === null || file === undefined || !this.contains(file) || file.open) return;
      file.open = true;
      document.getElementById(id)?.scrollIntoView();
    }

    #count() {
      const status = this.querySelector(".viewed-count");
      if (!(status instanceof HTMLElement)) return;
      const all = this.querySelectorAll("details").length;
      const viewed = this.querySelectorAll("details.is-viewed").length;
      status.hidden = false;
      status.textContent = `${viewed} of ${all} files viewed`;
    }
  }
  customElements.define("viewed-files", ViewedFiles);
}
