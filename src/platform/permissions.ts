/** Variables that locate the files of a command's user. The daemon has no such user. */
export const HOME_VARIABLES = ["XDG_CONFIG_HOME", "HOME"] as const;

/**
 * Gives up the binary's permission to read everywhere, which the administrator's commands need for
 * their user's files. The daemon's own files stay readable.
 */
export async function renounceReading(): Promise<void> {
  if (!Deno.build.standalone) return;
  await Deno.permissions.revoke({ name: "read", path: "/" });
  for (const variable of HOME_VARIABLES) {
    await Deno.permissions.revoke({ name: "env", variable });
  }
}

/** Gives up the binary's permission to write everywhere. The daemon's own files stay writable. */
export async function renounceWriting(): Promise<void> {
  if (!Deno.build.standalone) return;
  await Deno.permissions.revoke({ name: "write", path: "/" });
}
