/** Variables that say where the files of a command's user are. The daemon has no such user. */
export const HOME_VARIABLES = ["XDG_CONFIG_HOME", "HOME"] as const;

/**
 * Gives up the binary's permission to read everywhere, which the administrator's commands have for
 * files of their user. What the daemon reads is left.
 */
export async function renounceReading(): Promise<void> {
  if (!Deno.build.standalone) return;
  await Deno.permissions.revoke({ name: "read", path: "/" });
  for (const variable of HOME_VARIABLES) {
    await Deno.permissions.revoke({ name: "env", variable });
  }
}

/** Gives up the binary's permission to write everywhere. What the daemon writes is left. */
export async function renounceWriting(): Promise<void> {
  if (!Deno.build.standalone) return;
  await Deno.permissions.revoke({ name: "write", path: "/" });
}
