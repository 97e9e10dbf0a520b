import { dirname } from "@std/path";

/** Makes the entries of a directory survive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/** Moves a file whose bytes are on disk to its final name, in one step, to stay. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.rename(from, to);
  await syncDirectory(dirname(to));
}

/** Writes a small file so that a reader sees the old content or the new one, never a part. */
export async function writeFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.new`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
    }
    await renameDurably(temporary, path);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
}

export async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What `stat` says of a file, or null when there is none. */
export async function statIfPresent(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}
