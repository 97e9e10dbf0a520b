/**
 * A place to develop in: `deno task dev`. Demo mirrors and a filled cache live as long as this
 * program; the daemon restarts at every edit below src. `--any-port` avoids the usual ports.
 */
import { bold, dim, setColorEnabled } from "@std/fmt/colors";
import { reasonOf } from "../../src/errors.ts";
import { freePort, isListening } from "../support/free_port.ts";
import { DemoMirrors } from "./demo_mirrors.ts";
import { fillCache } from "./fill_cache.ts";
import { WatchedDaemon } from "./watched_daemon.ts";

const TOKEN = "dev";
/** The ports of the commands' default URL and of Deno's inspector; others if these are in use. */
const PORT = 8090;
const INSPECTOR_PORT = 9229;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
const interruption = new AbortController();
const interrupt = () => {
  // A second signal ends the program at once.
  for (const signal of SIGNALS) Deno.removeSignalListener(signal, interrupt);
  interruption.abort();
};
for (const signal of SIGNALS) Deno.addSignalListener(signal, interrupt);
try {
  await develop(interruption.signal);
  console.log("\nStopped; the cache is removed.");
} catch (error) {
  console.error(`Cannot run the development server: ${reasonOf(error)}`);
  Deno.exitCode = 1;
}
Deno.exit();

/** Runs mirrors and daemon until `signal` is aborted, and leaves nothing behind. */
async function develop(signal: AbortSignal): Promise<void> {
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await using resources = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pkgstash-dev-" });
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  const mirrors = resources.use(await DemoMirrors.start());
  const port = await available(PORT);
  const url = `http://127.0.0.1:${port}`;
  const daemon = resources.use(
    await WatchedDaemon.spawn({
      folder,
      port,
      inspectorPort: await available(INSPECTOR_PORT),
      token: TOKEN,
      mirrorUrls: mirrors.all.map((mirror) => mirror.url),
    }),
  );
  await Promise.race([daemon.listening, aborted]);
  if (!signal.aborted) await prepare(mirrors, { url, folder, signal });
  await Promise.race([daemon.failed, aborted]);
}

async function prepare(
  mirrors: DemoMirrors,
  { url, folder, signal }: { url: string; folder: string; signal: AbortSignal },
): Promise<void> {
  try {
    await fillCache(mirrors.all, { url, token: TOKEN, signal });
  } catch (error) {
    if (signal.aborted) return;
    console.error(`The cache is only partly filled: ${reasonOf(error)}`);
  }
  mirrors.beginFaults();
  console.log(introduction(url, folder, mirrors));
}

/** The port unless something listens on it, otherwise one that is free. */
async function available(port: number): Promise<number> {
  return Deno.args.includes("--any-port") || await isListening(port) ? freePort() : port;
}

function introduction(url: string, folder: string, { fast, slow, flaky }: DemoMirrors): string {
  const command = (rest: string, note: string) =>
    `  deno task pkgstash ${rest.padEnd(20)}${dim(`# ${note}`)}`;
  return `
${bold("pkgstash is ready to develop.")} Every edit below src restarts it; cache and mirrors stay.

  URL         ${url}
  token       ${TOKEN}
  cache       ${folder}/cache
  mirrors     fast ${fast.url}, slow ${slow.url}, flaky ${flaky.url}
  debugger    chrome://inspect, or attach your editor to the address above
  mirrorlist  Server = ${url}/$repo/os/$arch

In another terminal:

  export PKGSTASH_TOKEN=${TOKEN} PKGSTASH_URL=${url}
${command("status", "hit ratio, cache, databases")}
${command("packages", "glibc is pinned, nano was downloaded twice")}
${command("cleanup --dry-run", "an old linux would be removed")}
${command("refresh", "a new firefox is prefetched")}
${command("mirrors", "one of them fails now and then")}
${command("log-level debug", "see everything")}

Ctrl-C stops everything and removes the cache.
`;
}
