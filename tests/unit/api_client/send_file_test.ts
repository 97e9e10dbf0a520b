import { assertEquals, assertRejects } from "@std/assert";
import { sendFile } from "../../../src/api_client/send_file.ts";

const BYTES = new Uint8Array(300_000).fill(7);

async function sendTo(url: string) {
  return await sendFile(new URL(url), {
    method: "PUT",
    headers: { "x-name": "foo" },
    body: { content: new Blob([BYTES]).stream(), size: BYTES.length },
    signal: new AbortController().signal,
  });
}

Deno.test("a file is sent with its length and not in chunks", async () => {
  const seen: unknown[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ method, headers, body }) => {
      const bytes = await new Response(body).bytes();
      seen.push(method, headers.get("x-name"), bytes.length, bytes.every((byte) => byte === 7));
      seen.push(headers.get("content-length"), headers.get("transfer-encoding"));
      return Response.json({ taken: true }, { status: 201, headers: { "x-answer": "1" } });
    },
  );
  const response = await sendTo(`http://127.0.0.1:${server.addr.port}/`);
  assertEquals(response.status, 201);
  assertEquals(response.headers.get("x-answer"), "1");
  assertEquals(await response.json(), { taken: true });
  assertEquals(seen, ["PUT", "foo", 300_000, true, "300000", null]);
});

Deno.test("a redirect of an upload is not followed, since the token is for one server", async () => {
  let calls = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ body }) => {
      calls++;
      await new Response(body).bytes();
      return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    },
  );
  const response = await sendTo(`http://127.0.0.1:${server.addr.port}/`);
  await response.body?.cancel();
  assertEquals([response.status, calls], [307, 1]);
});

Deno.test("an upload to nobody fails", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assertRejects(() => sendTo(`http://127.0.0.1:${port}/`), Error, "ECONNREFUSED");
});
