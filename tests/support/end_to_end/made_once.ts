import { join } from "@std/path";
import { sha256Of } from "../sha256.ts";
import { TempFolder } from "../temp_folder.ts";

/** The folder for what is made once. Only its owner may write to it. */
async function keptFolder(): Promise<string> {
  await using probe = await TempFolder.create();
  const folder = probe.join("..", `pkgstash-e2e-made-${Deno.uid()}`);
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  const info = await Deno.lstat(folder);
  if (!info.isDirectory || info.uid !== Deno.uid() || ((info.mode ?? 0) & 0o022) !== 0) {
    throw new Error(
      `Cannot keep packages in ${folder}: other users can write to it. Remove it and try again.`,
    );
  }
  return folder;
}

/** Whether there is something in a folder; what empties the system's temporary files leaves folders. */
async function isFilled(folder: string): Promise<boolean> {
  try {
    for await (const _entry of Deno.readDir(folder)) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

/**
 * A folder that is filled once, for all tests of this run, side by side or not, and of later runs.
 * Nobody may change it.
 * @param identity everything that its content depends on.
 */
export async function madeOnce(
  identity: unknown,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const root = await keptFolder();
  const digest = sha256Of(new TextEncoder().encode(JSON.stringify(identity)));
  const kept = join(root, digest.slice(0, 24));
  if (await isFilled(kept)) return kept;
  using lock = await Deno.open(`${kept}.lock`, { write: true, create: true });
  await lock.lock(true);
  if (await isFilled(kept)) return kept;
  const staged = await Deno.makeTempDir({ dir: root });
  await Deno.chmod(staged, 0o755);
  try {
    await fill(staged);
    // It appears complete or not at all.
    await Deno.remove(kept).catch(() => {});
    await Deno.rename(staged, kept);
  } catch (error) {
    await Deno.remove(staged, { recursive: true });
    throw error;
  }
  return kept;
}
