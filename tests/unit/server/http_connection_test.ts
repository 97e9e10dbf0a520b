import { assertEquals } from "@std/assert";
import { type Handler, serveHttp } from "../../../src/server/http_connection.ts";

/** The heads of all responses to these requests, which are sent on one connection. */
async function headsOf(handler: Handler, requests: readonly string[]): Promise<string[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const http = serveHttp(await listener.accept(), handler, () => new Response());
  await client.write(new TextEncoder().encode(
    requests.map((line, index) => {
      const isLast = index === requests.length - 1;
      return `${line} HTTP/1.1\r\nHost: x\r\n${isLast ? "Connection: close\r\n" : ""}\r\n`;
    }).join(""),
  ));
  let received = "";
  for await (const chunk of client.readable) received += new TextDecoder().decode(chunk);
  await http.finished;
  return received.split("HTTP/1.1 ").slice(1).map((one) => one.slice(0, one.indexOf("\r\n\r\n")));
}

Deno.test("the second whole response on a connection, and no other, has a long head", async () => {
  const notModified = new Response(null, { status: 304 });
  const head = new Response(null);
  const heads = await headsOf((request) => {
    if (request.method === "HEAD") return head;
    if (request.url.endsWith("/old")) return notModified;
    const response = new Response("content");
    return request.url.endsWith("/late") ? Promise.resolve(response) : response;
  }, ["GET /old", "GET /a", "HEAD /a", "GET /old", "GET /late", "GET /old", "HEAD /a", "GET /a"]);
  assertEquals(heads.map((one) => one.includes("x-padding: ")), [
    ...[false, false, false, false, true, false, false, false],
  ]);
  // What Deno's buffer has room for at first.
  assertEquals(heads.map(({ length }) => length > 512).indexOf(true), 4);
  for (const shared of [notModified, head]) assertEquals([...shared.headers], []);
});
