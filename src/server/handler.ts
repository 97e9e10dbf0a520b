import {
  isOwn,
  keyOf,
  type RepositoryFile,
  type RepositoryTree,
} from "../repositories/repository.ts";
import { VIEW_EXAMPLES, type ViewedFile, viewedFileAt } from "../repositories/view.ts";
import { EXTRA_FILES, type ExtraFile } from "../repositories/extra_file.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { isNews } from "../platform/observability/news.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";
import type { Client } from "../repositories/leases.ts";
import { sentBodyOf } from "../repositories/traffic.ts";
import { parseHttpDate } from "../formats/http/http_date.ts";
import { type AskedFile, outcomeOf, recordRequest } from "./access_log.ts";
import type { Handler } from "./http_connection.ts";
import { RequestsInFlight } from "./requests_in_flight.ts";
import { Seldom } from "./seldom.ts";
import { hasValidHost, isValidHost, ownSegments, requestPath } from "./request_path.ts";
import { flatCacheRoute } from "./files/flat_cache.ts";
import { publicKeysRoute } from "./files/public_keys.ts";
import { Listings } from "./files/listing.ts";
import { unservedResponse } from "./files/unserved.ts";
import { adminPart, apiPart, facePart } from "./late_parts.ts";
import type { Context } from "./context.ts";
import { ownOriginOf } from "./own_origin.ts";
import {
  errorResponse,
  methodNotAllowed,
  noSuchFile,
  sizedResponse,
  textResponse,
  tooMuch,
} from "./responses.ts";

const log = eventLogger("server");

const WARNING_PERIOD_MS = 60_000;

/** Creates the handler of all requests. It reads `context` again for each request. */
export function createHandler(
  context: Context,
): Handler {
  const inFlight = new RequestsInFlight();
  const listings = new Listings();
  const limited = { client: new Seldom(WARNING_PERIOD_MS), all: new Seldom(WARNING_PERIOD_MS) };

  const respond: Handler = async (request, info) => {
    const startedAt = performance.now();
    const path = requestPath(request.url);
    let end = () => {};
    let client: Client | null = null;
    let response: Response;
    let file: AskedFile | null = null;
    try {
      client = context.access.clientOf(request.headers, info.remoteAddr);
      const begun = await inFlight.admit(client.hostname, context.config);
      if (typeof begun === "string") {
        response = tooMuch(begun);
        if (limited[begun].isDue()) log.warn("too many requests", { client: client.hostname });
      } else {
        end = begun;
        response = refusal(request, client, context) ??
          await route({
            request,
            path,
            context,
            client,
            peer: info.remoteAddr,
            listings,
            onFile: (asked) => file = askedFile(asked),
          });
      }
    } catch (error) {
      response = failureResponse(error, path ?? request.url);
    }
    // It has a limit of its own, and lasts as long as the page is open.
    if (isEventStream(response)) end();
    if (request.method === "HEAD" && response.body !== null) {
      await response.body.cancel();
      response = new Response(null, response);
    }
    recordRequest(
      {
        outcome: outcomeOf(request, path, response),
        file,
        lastModified: parseHttpDate(response.headers.get("last-modified") ?? "")?.getTime() ?? null,
        body: sentBodyOf(response),
        agent: request.headers.get("user-agent"),
        info,
        client,
        startedAt,
        answerMs: performance.now() - startedAt,
      },
      context.history,
      end,
    );
    return response;
  };

  /** Answers from memory at once; null for everything else. */
  const recall = (
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | null => {
    const { access, config, history, mirroring } = context;
    const startedAt = performance.now();
    const hot = mirroring.hotFileAt(request.url, startedAt);
    if (hot === null) return null;
    const client = access.clientOf(request.headers, info.remoteAddr);
    if (!access.admits(client) || !isValidHost(request.headers)) return null;
    const end = inFlight.begin(client.hostname, config);
    if (typeof end === "string") return null;
    const response = mirroring.recall(hot, request, client);
    if (response === null) {
      end();
      return null;
    }
    const { headers, method } = request;
    const outcome = hot.outcomeOf(method, response.status);
    recordRequest(
      {
        outcome,
        file: askedFile(hot.file),
        lastModified: hot.lastModified?.getTime() ?? null,
        body: sentBodyOf(response),
        agent: headers.get("user-agent"),
        info,
        client,
        startedAt,
        answerMs: 0,
      },
      history,
      end,
    );
    return response;
  };

  return (request, info) => {
    try {
      const response = recall(request, info);
      if (response !== null) return response;
    } catch (error) {
      log.error("cannot answer from memory", { reason: reasonOf(error) });
    }
    return respond(request, info);
  };
}

function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type") === "text/event-stream";
}

interface Visit {
  readonly request: Request;
  /** The decoded path, or null if it names nothing here. */
  readonly path: string | null;
  readonly context: Context;
  readonly client: Client;
  /** The other end of the connection: the client, or a proxy. */
  readonly peer: Deno.NetAddr;
  readonly listings: Listings;
  /** Called with the requested file. */
  readonly onFile: (file: RepositoryFile | ExtraFile) => void;
}

function askedFile(file: RepositoryFile | ExtraFile): AskedFile {
  if (file.kind === "extra") return { directory: EXTRA_FILES, isDatabase: false };
  return {
    directory: file.repository.directory,
    isDatabase: file.kind === "snapshot" && file.member === "db",
  };
}

/** The response to a request that is refused without further checks; null for all others. */
function refusal(request: Request, client: Client, { access }: Context): Response | null {
  if (!access.admits(client)) {
    return textResponse(403, "Access denied: your address is not in allowed_networks.");
  }
  if (!hasValidHost(request)) {
    return textResponse(400, "Cannot serve this request: its Host is not valid.");
  }
  return null;
}

async function route(
  { request, path, context, client, peer, listings, onFile }: Visit,
): Promise<Response> {
  const origin = () => ownOriginOf(request, peer, context.access);
  const segments = ownSegments(request.url, "/api/");
  if (segments !== null) {
    const { respondToApi } = await apiPart();
    return await respondToApi(request, segments, { ...context, client, origin: origin() });
  }
  const pageSegments = path === "admin" ? ["admin"] : ownSegments(request.url, "/admin/");
  if (pageSegments !== null) {
    const { respondToBrowser } = await adminPart();
    return await respondToBrowser(request, pageSegments, {
      context,
      client,
      peer,
      origin: origin(),
    });
  }
  if (path === null) return noSuchFile();
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET", "HEAD");
  if (path === "healthz") return textResponse(200, "ok");
  if (path === "metrics") {
    return sizedResponse(await context.metrics.text(), {
      headers: { "content-type": context.metrics.contentType },
    });
  }
  const { mirroring, publishing } = context;
  if (path.startsWith("cache/")) {
    return await flatCacheRoute(request, path.slice("cache/".length), mirroring, onFile);
  }
  const mirrored = mirroring.tree.fileAt(path);
  const own = mirrored === null ? publishing.tree.fileAt(path) : null;
  if (mirrored === null && own === null) {
    const viewed = viewedFileAt(path, mirroring.tree) ?? viewedFileAt(path, publishing.tree);
    if (viewed !== null) {
      onFile(viewed.file);
      return await sendViewed(viewed, path, { request, context, client });
    }
  }
  const file = mirrored ?? own ?? mirroring.tree.extraAt(path);
  if (file !== null) {
    onFile(file);
    return await sendFileOf(file, { request, context, client });
  }
  const keys = await publicKeysRoute(path, publishing);
  if (keys !== null) return keys;
  const directory = path.replace(/\/$/, "");
  if (!hasDirectory(directory, mirroring.tree) && !hasDirectory(directory, publishing.tree)) {
    return unservedResponse(request, path, context.config);
  }
  if (path === directory && path !== "") {
    return textResponse(301, "This is a directory.", {
      location: `/${encodeURI(directory)}/`,
    });
  }
  if (path === "" && isBrowser(request)) {
    const { respondWithFace } = await facePart();
    return await respondWithFace(request, { ...context, client, origin: origin() });
  }
  return await listings.respond(directory, mirroring, publishing);
}

/** Whether a request comes from a browser: programs accept any type. */
function isBrowser({ headers }: Request): boolean {
  return headers.get("accept")?.includes("text/html") ?? false;
}

function hasDirectory(directory: string, tree: RepositoryTree): boolean {
  return tree.repositoryAt(directory) !== null || tree.childrenOf(directory) !== null;
}

async function sendFileOf(
  file: RepositoryFile | ExtraFile,
  { request, context, client }: Pick<Visit, "request" | "context" | "client">,
): Promise<Response> {
  try {
    return file.kind !== "extra" && isOwn(file.repository)
      ? await context.publishing.respond(file, request, client)
      : await context.mirroring.respond(file, request, client);
  } catch (error) {
    const response = failureResponse(error, keyOf(file));
    response.headers.set(CACHE_STATUS_HEADER, "MISS");
    return response;
  }
}

async function sendViewed(
  { file, view }: ViewedFile,
  path: string,
  { request, context: { mirroring, publishing }, client }: Pick<
    Visit,
    "request" | "context" | "client"
  >,
): Promise<Response> {
  try {
    if (view === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot get ${path}: the text after the "@" is not a view. Use ${VIEW_EXAMPLES}.`,
      );
    }
    return isOwn(file.repository)
      ? await publishing.respond(file, request, client, view)
      : await mirroring.respondInView(file, view, request, client);
  } catch (error) {
    const response = failureResponse(error, path);
    // Unlike for other files, the client can do something about it.
    return error instanceof PkgstashError && error.kind === "not_found"
      ? textResponse(404, error.message)
      : response;
  }
}

/** The response to an error, which is logged. */
function failureResponse(error: unknown, path: string): Response {
  const response = errorResponse(error);
  const details = { path, status: response.status, reason: reasonOf(error) };
  // A missing file is not a failure: pacman requests signatures that do not exist.
  if (response.status === 404) log.debug("no such file", details);
  else if (error instanceof PkgstashError) {
    log[isNews(error) ? "warn" : "debug"]("request failed", details);
  } else log.error("request failed", { ...details, stack: (error as Error)?.stack });
  return response;
}
