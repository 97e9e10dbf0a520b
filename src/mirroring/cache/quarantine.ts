import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import { lookAt } from "../../platform/files/disk_pace.ts";
import { lstatIfPresent, moveFile, removeIfPresent } from "../../platform/files/durable.ts";
import { isUnreadable } from "../../platform/files/unreadable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { fileKey } from "../../repositories/repository.ts";
import type { CacheLayout } from "./cache_layout.ts";

const log = eventLogger("cache");

/**
 * Moves damaged or wrong cached files out of the clients' reach. They stay for a while, so that an
 * administrator can find out what happened to them.
 */
export class Quarantine {
  readonly #layout: CacheLayout;

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  /**
   * Moves a cached file aside, or removes it if the disk is too full for that; returns false if
   * there is none. Rejects if it cannot be moved, as on a read-only disk. `reason` is the fault of
   * the file.
   */
  async setAside(directory: string, fileName: string, reason: string): Promise<boolean> {
    const path = join(this.#layout.root, directory, fileName);
    const target = join(this.#layout.quarantine, directory, `${fileName}.${Date.now()}`);
    const file = fileKey(directory, fileName);
    try {
      await moveFile(path, target);
      log.warn("quarantined a damaged file", { file, reason, to: target });
      return true;
    } catch (error) {
      if (await lstatIfPresent(path) === null) return false;
      await removeIfPresent(path);
      log.warn("removed a damaged file", {
        file,
        reason,
        not_moved: reasonOf(error),
      });
      return true;
    }
  }

  /**
   * Sets aside whatever is in the place of a file and is not that file: a directory, or a file that
   * is unreadable, empty or of the wrong length. `expectedSize` is null if unknown. Never throws.
   */
  async makeWay(
    { directory, fileName, expectedSize }: {
      directory: string;
      fileName: string;
      expectedSize: number | null;
    },
  ): Promise<void> {
    try {
      const reason = await this.#faultOf(
        join(this.#layout.root, directory, fileName),
        expectedSize,
      );
      if (reason !== null) await this.setAside(directory, fileName, reason);
    } catch (error) {
      const file = fileKey(directory, fileName);
      log.error("cannot quarantine a file", { file, reason: reasonOf(error) });
    }
  }

  async #faultOf(path: string, expectedSize: number | null): Promise<string | null> {
    // It has just been looked up, so this is fast.
    const info = await lookAt(path);
    if (info === null) return null;
    if (!info.isFile) return "it is not a file";
    if (info.size === 0) return "it is empty";
    if (expectedSize !== null && info.size !== expectedSize) {
      return `it has ${info.size} bytes, but the database says ${expectedSize}`;
    }
    try {
      using _ = await Deno.open(path);
      return null;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return `it cannot be read: ${reasonOf(error)}`;
    }
  }
}
