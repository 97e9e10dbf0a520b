type Listener = (path: string) => void;

const listeners = new Set<Listener>();

/**
 * Calls `listener` with the path of each file that this process has replaced or removed, for those
 * who hold a copy in memory. Changes by other processes are not noticed.
 */
export function onFileChange(listener: Listener): Disposable {
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

/** Notifies all listeners that the file at `path` has been replaced or removed. */
export function announceFileChange(path: string): void {
  for (const listener of listeners) listener(path);
}
