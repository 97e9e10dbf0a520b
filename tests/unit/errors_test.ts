import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { isTimeout, PkgstashError, reasonOf } from "../../src/errors.ts";

Deno.test("a reason includes the cause of a foreign error, but not of one of ours", () => {
  const cause = new Error("connection refused");
  assertEquals(
    reasonOf(new TypeError("import failed", { cause })),
    "import failed: connection refused",
  );
  assertEquals(reasonOf(new PkgstashError("upstream", "says it all", { cause })), "says it all");
  assertEquals(reasonOf("thrown text"), "thrown text");
});

Deno.test("a reason for a failed request is what went wrong with its connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const refused = await fetch(`http://127.0.0.1:${port}/core.db`).then(
    () => null,
    (error) => error,
  );
  assertEquals(reasonOf(refused), "tcp connect error: Connection refused (os error 111)");
  const cause = new TypeError("error sending request for url (http://a/b): connection reset");
  assertEquals(reasonOf(new TypeError("fetch failed", { cause })), "connection reset");
});

Deno.test("a reason for a request that a server breaks off has no URL, whose query may grant access", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept().then(async (connection) => {
    await connection.read(new Uint8Array(4096));
    connection.close();
  });
  const { port } = listener.addr as Deno.NetAddr;
  const url = `http://127.0.0.1:${port}/core.db?signature=x`;
  const broken = await fetch(url).then(() => null, (error) => error);
  await accepted;
  assertEquals(reasonOf(broken), "connection closed before message completed");
});

Deno.test("a reason has no full stop, so that it can be part of a sentence", () => {
  const error = new PkgstashError("content", "Cannot read x: it is cut short. Fetch it again.");
  assertEquals(reasonOf(error), "Cannot read x: it is cut short. Fetch it again");
});

Deno.test("a passed deadline is a timeout, other failures are not", async () => {
  const never = Promise.withResolvers<void>().promise;
  const errorOf = (work: Promise<void>) => work.then(() => null, (error) => error);
  assertEquals(isTimeout(await errorOf(deadline(never, 1))), true);
  assertEquals(isTimeout(await errorOf(deadline(Promise.reject(new Error("no")), 1000))), false);
  const aborted = AbortSignal.abort();
  assertEquals(isTimeout(await errorOf(deadline(never, 1000, { signal: aborted }))), false);
});
