import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../../main.ts", import.meta.url));

/** How a command line ended, and what it printed. */
export interface Ended {
  code: number;
  out: string;
  err: string;
}

/**
 * `pkgstash` in a process of its own, which may use the network, its own variables, and read the
 * default place of the token and `readable`.
 */
export async function pkgstash(
  args: readonly string[],
  { env = {}, readable = [], stdin = "" }: {
    env?: Record<string, string>;
    readable?: readonly string[];
    stdin?: string;
  } = {},
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-net",
      "--allow-env=PKGSTASH_*",
      `--allow-read=${["/etc/pkgstash", ...readable].join(",")}`,
      MAIN,
      ...args,
    ],
    env: { NO_COLOR: "1", PKGSTASH_TOKEN: "", PKGSTASH_URL: "", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), write(child, stdin)]);
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

/** Writes all of its input, which it need not read. */
async function write({ stdin }: Deno.ChildProcess, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It has ended without reading.
  }
}
