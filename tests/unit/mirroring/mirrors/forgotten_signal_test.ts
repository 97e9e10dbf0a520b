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
/** Not every version of the runtime lets a program collect its garbage at will: skipped there. */
const ignore = collectGarbage === undefined;

/** Lets the runtime forget all it can about a request. */
async function forget(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collectGarbage?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A body of which 100 kB have been read, and no more come. */
async function stalledBody(mirror: FakeMirror, client: HttpClient, stallTimeoutMs: number) {
  mirror.put("/x", packageBytes(1_000_000, 1));
  mirror.behave("/x", { kind: "stallAfter", bytes: 100_000 });
  const controller = new AbortController();
  const { status, headers, body } = await client.get(`${mirror.url}x`, {}, controller.signal);
  const upstream = new MirrorResponse(
    mirrorAt(mirror.url, "$repo"),
    status,
    headers,
    body,
    controller,
    stallTimeoutMs,
  );
  for (let read = 0; read < 100_000;) read += (await upstream.read())!.length;
  return upstream;
}

// In Deno 2.9.6 a fetch no longer hears of its signal once the request and the response have been
// collected, and they are, since only the body is kept.
Deno.test("a stalled transfer is ended after a garbage collection too", { ignore }, async () => {
  await using mirror = await FakeMirror.start();
  using client = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const body = await stalledBody(mirror, client, 200);
  const rest = body.read();
  rest.catch(() => {});
  await forget();
  const error = await assertRejects(() => rest, Error, "sent nothing for 0.2 s");
  assertEquals((error as { kind?: string }).kind, "upstream_timeout");
  await mirror.waitForAbandoned();
});

Deno.test("a closed transfer is closed after a garbage collection too, and is not at its end", {
  ignore,
}, async () => {
  await using mirror = await FakeMirror.start();
  using client = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const body = await stalledBody(mirror, client, 60_000);
  const rest = body.read();
  rest.catch(() => {});
  await forget();
  body.close();
  await assertRejects(() => rest);
  await mirror.waitForAbandoned();
});
