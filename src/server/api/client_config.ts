import { SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import { PkgstashError } from "../../errors.ts";
import { hostName } from "../../platform/host_name.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import { parseView, VIEW_EXAMPLES, viewLayout } from "../../repositories/view.ts";
import { isSigned, isVerified, publicKeysPath } from "../files/public_keys.ts";
import { handle, type Route } from "./route.ts";

export const clientConfigRoutes: readonly Route[] = [
  handle(SHOW_CLIENT_CONFIG, async ({ origin, query: { date }, config, publishing }) => {
    const url = clientUrl(origin, config.listenAddress);
    const view = date === undefined ? null : viewOf(date);
    const pathOf = (layout: string, heldAt: string | null) =>
      `Server = ${url}/${heldAt === null ? layout : viewLayout(layout, heldAt)}`;
    return {
      url,
      upstreams: config.upstreams.map(({ name, clientPath, ...upstream }) => ({
        name,
        repositories: [...upstream.repositories],
        architectures: [...upstream.architectures],
        server: pathOf(clientPath, upstream.keepSnapshots === 0 ? null : view),
        held_at: upstream.keepSnapshots === 0 ? null : view,
        cache_server: `CacheServer = ${url}/${clientPath}`,
        // Two upstreams may have different files with the same name.
        flat_cache_server: `CacheServer = ${url}/cache${
          config.upstreams.length === 1 ? "" : `/${name}`
        }`,
      })),
      own_repositories: publishing.repositories.map((repository) => ({
        name: repository.settings.name,
        architectures: [...repository.settings.architectures],
        server: pathOf(repository.settings.clientPath, view),
        held_at: view,
        sig_level: `SigLevel = ${isVerified(repository) ? "Required" : "Optional TrustAll"}`,
        signing: repository.settings.signing,
        keys_url: isVerified(repository) ? `${url}/${publicKeysPath(repository)}` : null,
      })),
      keys: await keysOf(publishing),
      flat_cache_server: `CacheServer = ${url}/cache`,
    };
  }),
];

/** A view that all repositories may have, verbatim. */
function viewOf(date: string): string {
  const view = parseView(date);
  if (view !== null && "start" in view) return date;
  throw new PkgstashError(
    "invalid_request",
    `Cannot hold clients at ${date}: it is not a valid time. Use ${VIEW_EXAMPLES}.`,
  );
}

/** The keys that clients must trust. Generates the first one if anything is to be signed. */
async function keysOf({ repositories, signing }: Publishing) {
  const isBySomebodyElse = repositories.some((each) => isVerified(each) && !isSigned(each));
  const trusted = isBySomebodyElse ? await signing.trusted() : [];
  const others = trusted.map(({ fingerprint }) => ({ fingerprint, signs_from: null }));
  if (!repositories.some(isSigned)) return others;
  await signing.publicKeys();
  const own = (await signing.list()).map(({ fingerprint, signsFrom }) => ({
    fingerprint,
    signs_from: signsFrom.toISOString(),
  }));
  return [...own, ...others];
}

/**
 * The base URL for clients: `origin`; a loopback name is replaced with this machine's, unless the
 * daemon listens on the loopback interface only.
 */
function clientUrl(origin: string, listenAddress: string): string {
  const url = new URL(origin);
  if (isLoopback(url.hostname) && !isLoopback(listenAddress)) url.hostname = hostName();
  return url.origin;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || /^127\./.test(host);
}
