import { assertEquals, assertRejects } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorResponse } from "../../../../src/mirroring/mirrors/mirror_response.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: (() => void) | undefined = runInNewContext("globalThis.gc");
/** Where the runtime does not expose its garbage collector, the tests are skipped. */
const ignore = collectGarbage === undefined;

/** Collects all that nobody holds any more of a request. */
async function collectAll(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collectGarbage?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A body that stalls, after the 100 kB that have been read. */
async function stalledBody(mirror: FakeMirror, client: HttpClient, stallTimeoutMs: number) {
  mirror.put("/x", packageBytes(1_000_000, 1));
  mirror.behave("/x", { kind: "stallAfter", bytes: 100_000 });
  const controller = new AbortController();
  const response = await client.get(`${mirror.url}x`, {}, controller.signal);
  const body = new MirrorResponse({
    mirror: mirrorAt(mirror.url, "$repo"),
    response,
    controller,
    stallTimeoutMs,
  });
  for (let read = 0; read < 100_000;) read += (await body.read())!.length;
  return body;
}

// In Deno 2.9.6 a fetch loses its signal when its request and its response have been collected, and
// they are collected here, since only the body is kept.
Deno.test("a stalled transfer is ended even after a garbage collection", { ignore }, async () => {
  await using mirror = await FakeMirror.start();
  using client = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const body = await stalledBody(mirror, client, 200);
  const rest = body.read();
  rest.catch(() => {});
  await collectAll();
  const error = await assertRejects(() => rest, Error, "stalled for 0.2 s");
  assertEquals((error as { kind?: string }).kind, "upstream_timeout");
  await mirror.waitForAbandoned();
});

Deno.test("a closed transfer ends as a failure even after a garbage collection", {
  ignore,
}, async () => {
  await using mirror = await FakeMirror.start();
  using client = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const body = await stalledBody(mirror, client, 60_000);
  const rest = body.read();
  rest.catch(() => {});
  await collectAll();
  body.close();
  await assertRejects(() => rest);
  await mirror.waitForAbandoned();
});
