import { type Answer, exchange, type RawRequest } from "./http_exchange.ts";
import { until } from "./until.ts";

/** The administrator's token. */
export const TOKEN = "secret-of-the-tests";

/** POSTs to the administrative API, with the token. */
export function administer(
  origin: string,
  target: string,
  request: Omit<RawRequest, "method"> = {},
): Promise<Answer> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...request.headers };
  return exchange(origin, target, { ...request, headers, method: "POST" });
}

/** The events of `POST /api/v1/refresh`, in order. */
export async function refreshEvents(origin: string): Promise<Record<string, unknown>[]> {
  const { text } = await administer(origin, "/api/v1/refresh");
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Waits until this many clients have requested the only download in flight. */
export async function untilAwaited(origin: string, clients: number): Promise<void> {
  await until(`${clients} clients await the download`, async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { text } = await exchange(origin, "/api/v1/downloads", { headers });
    return JSON.parse(text).downloads[0]?.clients === clients;
  });
}
