/** The host name of this machine; "localhost" without the permission to read it. */
export function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return "localhost";
  }
}
