// Sends dropped files one by one, then has them published together.
{
  /** @param {number} share */
  const percent = (share) => `${Math.floor(share * 100)} %`;

  /** @param {string} to */
  const publish = (to) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = to;
    const upload = new URL(to, location.href).searchParams.get("upload") ?? "";
    for (const [name, value] of [["action", "publish"], ["upload", upload]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name ?? "";
      field.value = value ?? "";
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  /**
   * Sends one file; returns the path for the next request. Uses XMLHttpRequest because fetch does
   * not report upload progress.
   *
   * @param {File} file
   * @param {URL} target
   * @param {(sent: number) => void} tell
   * @returns {Promise<string>}
   */
  const send = (file, target, tell) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PUT", target);
      request.upload.addEventListener("progress", ({ loaded }) => tell(loaded));
      request.addEventListener("error", () => reject(new Error("The connection was lost.")));
      request.addEventListener("load", () => {
        if (request.status !== 200) {
          return reject(new Error(`The server responded with status ${request.status}.`));
        }
        resolve(JSON.parse(request.responseText).to);
      });
      request.send(file);
    });

  /**
   * @param {File[]} files
   * @param {(share: number, text: string) => void} tell
   */
  const sendAll = async (files, tell) => {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    let to = location.pathname;
    for (const file of files) {
      const target = new URL(to, location.href);
      target.searchParams.set("file", file.name);
      to = await send(file, target, (sent) => {
        tell((done + sent) / total, `${file.name}, ${percent((done + sent) / total)}`);
      });
      // Without an upload in the path, the file was refused; the page says why.
      if (!new URL(to, location.href).searchParams.has("upload")) return location.assign(to);
      done += file.size;
    }
    tell(1, "All files have arrived and are being published.");
    publish(to);
  };

  class UploadFiles extends HTMLElement {
    connectedCallback() {
      const input = this.querySelector("input");
      const bar = this.querySelector("progress");
      const said = this.querySelector("[role=status]");
      if (input === null || bar === null || said === null) return;
      const begin = (/** @type {FileList | null | undefined} */ files) => {
        if (files === null || files === undefined || files.length === 0 || input.disabled) return;
        input.disabled = true;
        bar.hidden = false;
        sendAll([...files], (share, text) => {
          bar.value = share;
          said.textContent = text;
        }).catch((error) => {
          input.disabled = false;
          bar.hidden = true;
          said.textContent = `${error.message} Nothing was published. Try again.`;
        });
      };
      input.addEventListener("change", () => begin(input.files));
      this.addEventListener("dragover", (event) => {
        event.preventDefault();
        this.classList.add("over");
      });
      this.addEventListener("dragleave", () => this.classList.remove("over"));
      this.addEventListener("drop", (event) => {
        event.preventDefault();
        this.classList.remove("over");
        begin(event.dataTransfer?.files);
      });
    }
  }

  customElements.define("upload-files", UploadFiles);
}
