import { STATUS_CODE } from "@std/http/status";
import { templateSegments } from "../api/endpoint.ts";
import { confirmationOf, CONFIRMED } from "./confirmation.tsx";
import { type Failure, failureContent, failureOf } from "./failure.tsx";
import { readForm } from "./form.ts";
import { formFiles, hasFiles } from "./form_files.ts";
import { htmlResponse, redirect, textResponse } from "./html_response.ts";
import { renderPage, renderRegions } from "./layout.tsx";
import { liveStream } from "./live_stream.ts";
import type { Content, Done, Page } from "./page.ts";
import { Visit, type Visitor } from "./visit.ts";

/**
 * A request of a signed-in visitor. The caller has checked that changes come from a page of this
 * server.
 */
export interface Arrival {
  readonly request: Request;
  /** The segments of the decoded path; the first is "admin". */
  readonly segments: readonly string[];
  readonly visitor: Visitor;
  /** All pages, in the order of the navigation. */
  readonly pages: readonly Page[];
  /**
   * Registers a function that ends a stream. Returns one that unregisters it; null at the limit.
   */
  readonly openStream: (end: () => void) => (() => void) | null;
}

/** Answers a request with a page, or makes a change and redirects. */
export async function respondToVisitor(arrival: Arrival): Promise<Response> {
  const { request, segments, visitor, pages } = arrival;
  const url = new URL(request.url);
  if (segments[1] === "live" && segments.length === 2) return streamFor(arrival, url);
  const found = pageAt(segments, pages);
  const visit = new Visit(visitor, url, found?.params ?? {});
  if (found === null) return await failed(arrival, visit, NO_SUCH_PAGE);
  const { page } = found;
  if (!visit.may(page.role)) return await failed(arrival, visit, NOT_YOURS);
  try {
    switch (request.method) {
      case "GET":
      case "HEAD": {
        const file = await page.file?.(visit) ?? null;
        if (file !== null) return textResponse(file);
        return await shown(arrival, { page, visit, content: await page.render(visit) });
      }
      case "POST":
        return hasFiles(request) && page.uploadForm !== undefined
          ? await receiveForm(arrival, { uploadForm: page.uploadForm, visit })
          : await act(arrival, { page, visit });
      case "PUT":
        return await upload(arrival, { page, visit });
      default:
        return await failed(arrival, visit, WRONG_METHOD);
    }
  } catch (error) {
    return await failed(arrival, visit, failureOf(error, url.pathname));
  }
}

const NO_SUCH_PAGE = { status: STATUS_CODE.NotFound, text: "It may have been moved or removed." };
const NOT_YOURS = {
  status: STATUS_CODE.Forbidden,
  text: "Your role does not permit this. Ask an administrator for a different token.",
};
const NO_LENGTH = {
  status: STATUS_CODE.LengthRequired,
  text:
    "The browser did not send the length of the files. Use another browser, or pkgstash repo add.",
};
const WRONG_METHOD = {
  status: STATUS_CODE.MethodNotAllowed,
  text: "This page does not accept that request.",
};

/** Stands in where no page matches. */
const NOWHERE: Page = {
  path: "-",
  title: "Failure",
  section: null,
  role: "viewer",
  render: () => Promise.reject(new Error("It is not a page")),
};

/** The page at a path and the parameters in that path; null if there is none. */
function pageAt(
  segments: readonly string[],
  pages: readonly Page[],
): { page: Page; params: Readonly<Record<string, string>> } | null {
  for (const page of pages) {
    const template = templateSegments(`/admin/${page.path}`);
    if (template.length !== segments.length) continue;
    const params: Record<string, string> = {};
    const fits = template.every((part, index) => {
      const segment = segments[index]!;
      if ("text" in part) return part.text === segment;
      params[part.name] = segment;
      return segment !== "";
    });
    if (fits) return { page, params };
  }
  return null;
}

async function shown(
  { request, visitor, pages }: Arrival,
  { page, visit, content, status = STATUS_CODE.OK }: {
    page: Page;
    visit: Visit;
    content: Content;
    status?: number;
  },
): Promise<Response> {
  // Requests by scripts must not take the messages meant for the next page.
  const flashes = request.headers.has("hx-request") ? [] : visitor.flashes.splice(0);
  const isShownItself = status === STATUS_CODE.OK && request.method !== "POST";
  const stream = page.isLive === true && isShownItself
    ? `/admin/live?page=${encodeURIComponent(visit.here())}`
    : null;
  const waiting = await waitingOn(pages, visit);
  const html = renderPage({ page, pages, content, visit, waiting, flashes, stream });
  return htmlResponse(request, html, { status });
}

/** Number of items that wait for a person, by page path; 0 if it cannot be read. */
async function waitingOn(
  pages: readonly Page[],
  visit: Visit,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  await Promise.all(pages.map(async ({ path, role, waiting }) => {
    if (waiting === undefined || !visit.may(role)) return;
    const count = await waiting(visit).catch(() => 0);
    counts.set(path, count);
  }));
  return counts;
}

async function failed(arrival: Arrival, visit: Visit, failure: Failure): Promise<Response> {
  const { status } = failure;
  return await shown(arrival, { page: NOWHERE, visit, content: failureContent(failure), status });
}

/** Runs the action of a form's button, after a confirmation if it needs one. */
async function act(
  arrival: Arrival,
  { page, visit }: { page: Page; visit: Visit },
): Promise<Response> {
  const form = await readForm(arrival.request);
  const name = form.text("action");
  const action = Object.hasOwn(page.actions ?? {}, name) ? page.actions?.[name] : undefined;
  if (action === undefined) return await failed(arrival, visit, NO_SUCH_PAGE);
  if (!visit.may(action.role)) return await failed(arrival, visit, NOT_YOURS);
  const question = form.has(CONFIRMED) ? null : await action.confirm?.(visit, form) ?? null;
  if (question !== null) {
    return await shown(arrival, { page, visit, content: confirmationOf(question, form, visit) });
  }
  return redirect(await done(arrival, visit, () => action.run(visit, form)));
}

/** Makes a change; returns the path of the page that shows the outcome. */
async function done(
  { visitor }: Arrival,
  visit: Visit,
  change: () => Promise<Done>,
): Promise<string> {
  try {
    const { text, tone = "good", to = visit.here() } = await change();
    visitor.flashes.push({ tone, text });
    return to;
  } catch (error) {
    visitor.flashes.push({ tone: "bad", text: failureOf(error, visit.url.pathname).text });
    return visit.here();
  }
}

/** Receives a file from the page's script. The response is JSON with the path to open next. */
async function upload(
  arrival: Arrival,
  { page, visit }: { page: Page; visit: Visit },
): Promise<Response> {
  const { request: { body, headers } } = arrival;
  const size = Number(headers.get("content-length"));
  if (page.upload === undefined || body === null || !Number.isSafeInteger(size)) {
    return await failed(arrival, visit, WRONG_METHOD);
  }
  const { upload } = page;
  const to = await done(arrival, visit, () => upload(visit, { content: body, size }));
  return Response.json({ to }, { headers: { "cache-control": "no-store" } });
}

/** Receives all files of a form at once, from a browser without scripts. */
async function receiveForm(
  arrival: Arrival,
  { uploadForm, visit }: { uploadForm: NonNullable<Page["uploadForm"]>; visit: Visit },
): Promise<Response> {
  // The server would buffer a body of unknown length without limit.
  if (!arrival.request.headers.has("content-length")) return failed(arrival, visit, NO_LENGTH);
  return redirect(
    await done(arrival, visit, () => uploadForm(visit, formFiles(arrival.request))),
  );
}

/** The stream that updates the page in the query. */
function streamFor({ visitor, pages, openStream }: Arrival, url: URL): Response {
  const target = URL.parse(url.searchParams.get("page") ?? "", url.origin);
  const found = target === null ? null : pageAt(segmentsOf(target), pages);
  if (target === null || found?.page.isLive !== true || target.origin !== url.origin) {
    return new Response(null, { status: STATUS_CODE.NotFound });
  }
  const { page, params } = found;
  let remove: (() => void) | null = null;
  let end = () => {};
  remove = openStream(() => end());
  if (remove === null) {
    return new Response(null, {
      status: STATUS_CODE.ServiceUnavailable,
      headers: { "retry-after": "30" },
    });
  }
  const release = remove;
  const look = async () => {
    const visit = new Visit(visitor, target, params, { isUpdate: true });
    if (!visit.may(page.role) || !await visitor.isStillWelcome()) return null;
    return renderRegions(await page.render(visit), visit);
  };
  return liveStream(look, {
    register: (stop) => {
      end = stop;
      return release;
    },
  });
}

function segmentsOf({ pathname }: URL): string[] {
  return pathname.slice(1).split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return "";
    }
  });
}
