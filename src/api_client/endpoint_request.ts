import type { Endpoint, FileBody, RequestBody } from "../api/endpoint.ts";
import { templateSegments } from "../api/endpoint.ts";

/** The URL of an endpoint of the API at the URL `daemon`, which has no trailing slash. */
export function endpointUrl(
  daemon: string,
  { path, query }: Endpoint,
  values: Readonly<Record<string, unknown>>,
): URL {
  const segments = templateSegments(path).map((segment) => {
    if ("text" in segment) return segment.text;
    const value = String(values[segment.name]);
    if (!segment.hasSlashes) return encodeURIComponent(value);
    return value.split("/").map(encodeURIComponent).join("/");
  });
  const url = new URL(`${daemon}/${segments.join("/")}`);
  for (const name of Object.keys(query)) {
    if (values[name] !== undefined) url.searchParams.set(name, String(values[name]));
  }
  return url;
}

/** The content of a request to an endpoint, with its Content-Type; null for none. */
export function requestContent(
  declared: RequestBody,
  value: unknown,
): { readonly body: string | FileBody; readonly type: string } | null {
  if (declared === undefined) return null;
  return "kind" in declared
    ? { body: value as FileBody, type: "application/octet-stream" }
    : { body: JSON.stringify(value), type: "application/json" };
}

/** The URL of a daemon without a trailing slash; null if it is not an HTTP URL. */
export function daemonUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return null;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
