import { CLIENT_CONFIG } from "../../api/client_config.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { hostName } from "../../platform/host_name.ts";

/** `GET /api/v1/client-config`. */
export const clientConfigRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/client-config",
  summary: "What to write into the configuration of pacman",
  answers: [jsonAnswer(CLIENT_CONFIG)],
  handle: ({ request, services: { config } }) => {
    const url = clientUrl(request, config.listenAddress);
    return json(CLIENT_CONFIG, {
      url,
      upstreams: config.upstreams.map(({ name, repositories, architectures, clientPath }) => ({
        name,
        repositories: [...repositories],
        architectures: [...architectures],
        server: `Server = ${url}/${clientPath}`,
        cache_server: `CacheServer = ${url}/${clientPath}`,
      })),
      flat_cache_server: `CacheServer = ${url}/cache`,
    });
  },
};

/**
 * This server as whoever asks reached it: other clients reach it likewise, unless that was by a
 * name that leads every machine to itself.
 */
export function clientUrl(request: Request, listenAddress: string): string {
  const url = new URL(request.url);
  if (request.headers.get("x-forwarded-proto") === "https") url.protocol = "https:";
  if (isLoopback(url.hostname) && !isLoopback(listenAddress)) url.hostname = hostName();
  return url.origin;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || /^127\./.test(host);
}
