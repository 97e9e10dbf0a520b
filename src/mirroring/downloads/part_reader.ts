import type { Download } from "./download.ts";

const LARGEST_READ = 256 * 1024;

/**
 * The bytes of a download from `start` to `last` (inclusive; null for the end), as they arrive and
 * as fast as the reader takes them. Nothing is read ahead of the reader, so an idle one costs no
 * memory; the stream breaks when the download does. `onBytes` is told of what was handed out.
 */
export function readDownload(
  download: Download,
  start: number,
  last: number | null,
  onBytes?: (count: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | null = null;
  let position = start;
  let closed = false;
  const close = () => {
    closed = true;
    file?.close();
    file = null;
  };
  return new ReadableStream({
    // At once, for a reader that begins late may find another file under the name.
    async start() {
      file = await download.openBytes();
      if (closed) return close();
      await file.seek(position, Deno.SeekMode.Start);
    },
    async pull(controller) {
      try {
        while (position >= download.released && !download.complete) await download.progress();
        const end = last === null ? download.released : Math.min(last + 1, download.released);
        if (position < end) {
          const chunk = new Uint8Array(Math.min(LARGEST_READ, end - position));
          const count = await file!.read(chunk);
          if (count === null) throw new Error("the part file ended early");
          position += count;
          onBytes?.(count);
          controller.enqueue(chunk.subarray(0, count));
        }
        const reachedLast = last !== null && position > last;
        if (reachedLast || (download.complete && position >= download.released)) {
          close();
          controller.close();
        }
      } catch (error) {
        close();
        controller.error(error);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
