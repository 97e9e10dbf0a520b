import { keyOf, type RepositoryFile } from "../repositories/repository.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";
import type { Client } from "../repositories/leases.ts";
import { recordRequest } from "./access_log.ts";
import { apiSegments, dispatch } from "./api/api_router.ts";
import { errorResponse } from "./error_response.ts";
import { requestPath } from "./request_path.ts";
import { flatCacheRoute } from "./files/flat_cache.ts";
import { listingRoute } from "./files/listing.ts";
import type { Services } from "./services.ts";
import { methodNotAllowed, textResponse } from "./text_response.ts";

export type { Services } from "./services.ts";

const log = eventLogger("server");

type Info = Deno.ServeHandlerInfo<Deno.NetAddr>;

/**
 * The handler of all requests. `services` is asked for at each request, so that a new
 * configuration counts from the next one on.
 */
export function createHandler(
  services: () => Services,
): (request: Request, info: Info) => Promise<Response> {
  return async (request, info) => {
    const startedAt = performance.now();
    const current = services();
    const path = requestPath(request.url);
    let response: Response;
    try {
      response = await route(request, path, current, info.remoteAddr);
    } catch (error) {
      response = failure(error, path ?? request.url);
    }
    if (request.method === "HEAD" && response.body !== null) {
      await response.body.cancel();
      response = new Response(null, response);
    }
    recordRequest(request, path, response, info, startedAt, current.metrics)
      .catch((error) => log.error("request not recorded", { reason: reasonOf(error) }));
    return response;
  };
}

async function route(
  request: Request,
  path: string | null,
  services: Services,
  client: Client,
): Promise<Response> {
  const segments = apiSegments(request.url);
  if (segments !== null) return await dispatch(request, segments, services);
  if (path === null) return textResponse(404, "There is no such file.");
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET", "HEAD");
  if (path === "healthz") return textResponse(200, "ok");
  if (path === "metrics") {
    return new Response(await services.metrics.text(), {
      headers: { "content-type": services.metrics.contentType },
    });
  }
  const { tree, layout, snapshots } = services;
  if (path.startsWith("cache/")) {
    return await flatCacheRoute(request, path.slice("cache/".length), tree, layout);
  }
  const file = tree.fileAt(path);
  if (file !== null) return await sendRepositoryFile(request, file, services, client);
  const directory = path.replace(/\/$/, "");
  const listing = await listingRoute(directory, tree, layout, snapshots);
  if (listing === null) return textResponse(404, "There is no such file.");
  if (path === directory && path !== "") {
    return textResponse(301, "This is a directory.", {
      location: `/${encodeURI(directory)}/`,
    });
  }
  return listing;
}

async function sendRepositoryFile(
  request: Request,
  file: RepositoryFile,
  { respond }: Services,
  client: Client,
): Promise<Response> {
  try {
    return await respond(file, request, client);
  } catch (error) {
    const response = failure(error, keyOf(file));
    response.headers.set(CACHE_STATUS_HEADER, "MISS");
    return response;
  }
}

/** The client's answer to an error; the details go to the log. */
function failure(error: unknown, path: string): Response {
  const response = errorResponse(error);
  const details = { path, status: response.status, reason: reasonOf(error) };
  // That a file is missing is an answer, not a failure.
  if (response.status === 404) log.debug("no such file", details);
  else if (error instanceof PkgstashError) log.warn("request failed", details);
  else log.error("request failed", { ...details, stack: (error as Error)?.stack });
  return response;
}
