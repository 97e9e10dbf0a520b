import { join } from "@std/path";
import { childEnvironment, sendSignal } from "./child_process.ts";
import { isListening } from "./free_port.ts";
import { until } from "./until.ts";

/** Directives for `http` that keep nginx's temporary files in its own folder. */
export const TEMP_PATHS: string = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
  .map((use) => `${use}_temp_path temp_${use};`).join(" ");

/**
 * Starts nginx with `nginx.conf` in `folder`, to which relative paths in it refer, and waits until
 * it accepts connections on all of these ports. It has to run in the foreground (`daemon off`).
 * @throws {Error} with nginx's error log, if it ends before that.
 */
export async function startNginx(
  folder: string,
  ports: readonly number[],
): Promise<Deno.ChildProcess> {
  const process = new Deno.Command("nginx", {
    args: ["-p", folder, "-c", "nginx.conf", "-e", "error.log"],
    env: childEnvironment(),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let hasEnded = false;
  process.status.then(() => hasEnded = true);
  try {
    for (const port of ports) {
      await until(`nginx accepts connections on port ${port}`, async () => {
        if (!hasEnded) return await isListening(port);
        const errors = await Deno.readTextFile(join(folder, "error.log")).catch(() => "");
        throw new Error(`nginx ended at once:\n${errors}`);
      });
    }
    return process;
  } catch (error) {
    sendSignal(process.pid, "SIGKILL");
    await process.status;
    throw error;
  }
}
