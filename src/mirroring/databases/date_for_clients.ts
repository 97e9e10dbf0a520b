import { statIfPresent } from "../../platform/files/durable.ts";

/**
 * Gives a database the time of modification that clients are told: the mirror's, but always later
 * than that of the one it replaces. pacman takes nothing that is not newer than what it has, and
 * "now" where there is no date, so neither an undated database nor one from before a rollback may
 * keep its own.
 */
export async function dateForClients(
  path: string,
  date: number,
  replacedPath: string | null,
): Promise<void> {
  const replaced = replacedPath === null ? null : await statIfPresent(replacedPath);
  const earliest = (replaced?.mtime?.getTime() ?? 0) + 1000;
  const given = new Date(Math.max(date, earliest));
  await Deno.utime(path, given, given);
}
