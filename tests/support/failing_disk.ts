/** What changes a disk. */
const OPERATIONS = ["mkdir", "open", "remove", "rename", "utime"] as const;

/**
 * Lets operations that change files below `root` fail, as those of a full disk do: the one at the
 * position `failing`, and with `forEver` all after it, as after a crash. Disposing restores the disk.
 */
export class FailingDisk implements Disposable {
  /** Operations so far. */
  count = 0;
  readonly #originals = OPERATIONS.map((name) => [name, Deno[name]] as const);

  constructor(root: string, { failing, forEver }: { failing: number; forEver: boolean }) {
    for (const [name, original] of this.#originals) {
      const operation = original as (...args: unknown[]) => Promise<unknown>;
      this.#put(name, (...args: unknown[]) => {
        const isReading = name === "open" && !(args[1] as Deno.OpenOptions | undefined)?.write;
        if (isReading || !args.some((arg) => String(arg).startsWith(root))) {
          return operation(...args);
        }
        const position = this.count++;
        const fails = forEver ? position >= failing : position === failing;
        return fails
          ? Promise.reject(new Error("No space left on device (os error 28)"))
          : operation(...args);
      });
    }
  }

  #put(name: string, operation: unknown): void {
    Object.assign(Deno, { [name]: operation });
  }

  [Symbol.dispose](): void {
    for (const [name, original] of this.#originals) this.#put(name, original);
  }
}
