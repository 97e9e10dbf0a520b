import { join } from "@std/path";
import { type Contestant, pkgstashContestant } from "./contestant.ts";
import { freePort } from "./daemon.ts";
import { nginxSubjectLaunch } from "./nginx.ts";

const EXAMPLE = new URL("../../deploy/nginx-direct.conf", import.meta.url);
// Both end with the shell, which is what gets the signal.
const BOTH = `
"$@" & pkgstash=$!
nginx -p "$0" -c nginx.conf -e stderr & nginx=$!
trap 'kill "$pkgstash" "$nginx"' TERM
wait "$pkgstash" "$nginx"
wait
`;

/** nginx that serves from the cache of a pkgstash, and asks it for the rest: by our example. */
export function directContestant(
  name: string,
  checkout: string,
  { logLevel }: { logLevel: string },
): Contestant {
  const { prepare, cachedFile } = pkgstashContestant(name, checkout, { logLevel });
  return {
    name,
    prepare: async (site) => {
      const { folder, port } = site;
      const backend = freePort();
      const pkgstash = await prepare({ ...site, port: backend });
      const example = (await Deno.readTextFile(EXAMPLE))
        .replace("listen 80;", `listen 127.0.0.1:${port} backlog=1024;`)
        .replace("server 127.0.0.1:8090;", `server 127.0.0.1:${backend};`)
        .replaceAll("/var/cache/pkgstash", join(folder, "cache"))
        .replaceAll("/var/cache/nginx", folder);
      await nginxSubjectLaunch(folder, example);
      return {
        ...pkgstash,
        command: "/bin/sh",
        args: ["-c", BOTH, folder, pkgstash.command, ...pkgstash.args],
      };
    },
    cachedFile,
    hasCacheStatus: true,
    // Either it is pkgstash that answers, or there is nothing to compare.
    skips: ["hit-range", "first-byte", "databases", "start"],
  };
}
