// A field with a button that copies its text.
{
  class CopyField extends HTMLElement {
    connectedCallback() {
      /** @type {HTMLInputElement | HTMLTextAreaElement | null} */
      const field = this.querySelector("input, textarea");
      const button = this.querySelector("button");
      const said = this.querySelector("[role=status]");
      if (field === null || button === null || said === null) return;
      field.addEventListener("focus", () => field.select());
      button.addEventListener("click", async () => {
        field.select();
        let isCopied = false;
        try {
          // The clipboard API needs HTTPS or localhost.
          await navigator.clipboard.writeText(field.value);
          isCopied = true;
        } catch {
          isCopied = document.execCommand("copy");
        }
        said.textContent = isCopied ? "Copied" : "Press Ctrl+C";
        setTimeout(() => said.textContent = "", 2000);
      });
    }
  }
  customElements.define("copy-field", CopyField);
}
