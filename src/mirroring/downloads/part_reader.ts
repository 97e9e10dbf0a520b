import type { Download } from "./download.ts";

const MAX_READ_BYTES = 256 * 1024;

export interface ReadOptions {
  /** First byte wanted. */
  start: number;
  /** Last byte wanted, inclusive; null for the end of the file. */
  last: number | null;
  /** Called with the number of bytes handed out. */
  onBytes?: (count: number) => void;
}

/**
 * The bytes of a download, as they arrive and as fast as the reader takes them. Nothing is read
 * ahead of the reader, so an idle one costs no memory. The stream fails when the download does.
 */
export function readDownload(
  download: Download,
  { start, last, onBytes }: ReadOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | null = null;
  let position = start;
  let isClosed = false;
  const close = () => {
    isClosed = true;
    file?.close();
    file = null;
  };
  return new ReadableStream({
    // Open it now: a reader that begins late may find another file under the name.
    async start() {
      file = await download.openBytes();
      if (isClosed) return close();
      await file.seek(position, Deno.SeekMode.Start);
    },
    async pull(controller) {
      try {
        while (position >= download.released && !download.complete) await download.progress();
        const end = last === null ? download.released : Math.min(last + 1, download.released);
        if (position < end) {
          const chunk = new Uint8Array(Math.min(MAX_READ_BYTES, end - position));
          const count = await file?.read(chunk) ?? null;
          if (count === null) {
            throw new Error(`Cannot read ${download.request.fileName}: its part file ended early.`);
          }
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
