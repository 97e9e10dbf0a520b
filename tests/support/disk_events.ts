/**
 * Records what makes content and names durable, in order, as "sync NAME", "rename NAME" and
 * "sync the directory NAME", until disposal. Names are the last segments of paths.
 */
export class DiskEvents implements Disposable {
  readonly events: string[] = [];
  readonly #open = Deno.open;
  readonly #rename = Deno.rename;

  constructor() {
    const { events } = this;
    const open = this.#open;
    const rename = this.#rename;
    Deno.open = async (path, options) => {
      const file = await open(path, options);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        const { isDirectory } = await file.stat();
        await sync();
        events.push(`sync ${isDirectory ? "the directory " : ""}${lastSegment(path)}`);
      };
      return file;
    };
    Deno.rename = async (from, to) => {
      await rename(from, to);
      events.push(`rename ${lastSegment(to)}`);
    };
  }

  [Symbol.dispose](): void {
    Deno.open = this.#open;
    Deno.rename = this.#rename;
  }
}

function lastSegment(path: string | URL): string {
  return String(path).split("/").at(-1)!;
}
