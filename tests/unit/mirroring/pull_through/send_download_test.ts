import { assert, assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { answerBy, sendDownload } from "../../../../src/mirroring/pull_through/send_download.ts";

/** As a request for foo.db that began now does. */
function answer<T>(promise: Promise<T>, answerTimeoutMs: number): Promise<T> {
  const deadlineAt = performance.now() + answerTimeoutMs;
  return answerBy(deadlineAt, promise, { fileName: "foo.db", answerTimeoutMs });
}

Deno.test("an outcome in time is passed on, even a failure", async () => {
  assertEquals(await answer(Promise.resolve(7), 60_000), 7);
  const failed = Promise.reject(new RangeError("no"));
  await assertRejects(() => answer(failed, 60_000), RangeError);
});

Deno.test("an outcome that is late is a timeout that names the file, and may fail unheard", async () => {
  const late = Promise.withResolvers<void>();
  const error = await assertRejects(() => answer(late.promise, 5), PkgstashError);
  assertEquals(error.kind, "upstream_timeout");
  assertEquals(error.message, "Cannot get foo.db: no mirror answered within 0.005 s.");
  late.reject(new Error("too late"));
});

Deno.test("a range that is not reached is a timeout, and waits no longer than its deadline", async () => {
  const waits: number[] = [];
  const ahead: number[] = [];
  const download = {
    size: 1000,
    reaches: (_position: number, patienceMs: number) => {
      waits.push(patienceMs);
      return Promise.resolve(false);
    },
    fetchAhead: (position: number) => ahead.push(position),
  } as unknown as Download;
  const identity = { size: 1000, lastModified: null, etag: null, mirror: "mirror" };
  const request = new Request("http://host/", { headers: { range: "bytes=500-" } });
  const answerTimeoutMs = 10_000;
  const error = await assertRejects(
    () =>
      sendDownload(request, download, { identity, inode: 1 }, {
        fileName: "foo",
        status: "JOIN",
        deadlineAt: performance.now() + answerTimeoutMs,
        onBytes: () => {},
        follow: () => {
          throw new Error("nothing is read");
        },
      }),
    PkgstashError,
  );
  assertEquals(error.kind, "upstream_timeout");
  assertEquals(ahead, [500]);
  // First a little for the transfer in flight, then what is left.
  const [first = 0, rest = 0] = waits;
  assert(first < rest && rest <= answerTimeoutMs, `${waits}`);
});
