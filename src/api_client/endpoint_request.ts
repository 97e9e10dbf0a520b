import type { Endpoint, FileBody, RequestBody } from "../api/endpoint.ts";
import { templateSegments } from "../api/endpoint.ts";

/** The URL of an endpoint below that of a daemon, which has no slash at its end. */
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

/** What a request to an endpoint carries, with its Content-Type; null for nothing. */
export function requestContent(
  declared: RequestBody,
  value: unknown,
): { readonly body: string | FileBody; readonly type: string } | null {
  if (declared === undefined) return null;
  return "kind" in declared
    ? { body: value as FileBody, type: "application/octet-stream" }
    : { body: JSON.stringify(value), type: "application/json" };
}

/** The URL of a daemon without a slash at its end; null if it is none of HTTP. */
export function daemonUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return null;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
