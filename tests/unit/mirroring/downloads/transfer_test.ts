// What a transfer asks of its mirrors, and what it leaves behind.
import { assertEquals, assertRejects } from "@std/assert";
import type {
  ReceivedBytes,
  TransferRequest,
} from "../../../../src/mirroring/downloads/mirror_search.ts";
import { Transfer } from "../../../../src/mirroring/downloads/transfer.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { DownloadBed, EXTRA, PACKAGE, pathOf } from "./download_bed.ts";

const SIZE = 300_000;
const HALF = SIZE / 2;

function requestOf(signal: AbortSignal, more: Partial<TransferRequest> = {}): TransferRequest {
  return {
    repository: EXTRA,
    fileName: PACKAGE,
    kind: "package",
    expectedSize: null,
    offset: 0,
    last: null,
    identity: null,
    patienceMs: 5_000,
    signal,
    ...more,
  };
}

/** The bytes of a transfer in memory, which may be dropped. */
class Received implements ReceivedBytes {
  readonly reachesBackToStart = true;
  readonly mayStartOver = true;
  onStartOver: () => void = () => {};
  #bytes = new Uint8Array();

  push(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
  }

  readBack(position: number, length: number): Promise<Uint8Array | null> {
    return Promise.resolve(this.#bytes.subarray(position, position + length));
  }

  startOver(): Promise<void> {
    this.#bytes = new Uint8Array();
    this.onStartOver();
    return Promise.resolve();
  }
}

Deno.test("a transfer that is stopped while another mirror takes over leaves nothing open", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  bed.mirrors[0]!.put(pathOf(PACKAGE), packageBytes(SIZE, 1));
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  bed.mirrors[0]!.behave("*", { kind: "refuse" });
  bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(5 * SIZE, 2));
  const controller = new AbortController();
  const received = new Received();
  // The last moment: the second mirror has the floor.
  received.onStartOver = () => controller.abort(new Error("the client left"));
  const transfer = await Transfer.open(bed.upstream, requestOf(controller.signal), received);
  await assertRejects(
    async () => {
      for (let chunk; (chunk = await transfer.read()) !== null;) received.push(chunk);
    },
    Error,
    "the client left",
  );
  assertEquals(bed.pool.mirrors.map(({ health }) => health.inFlight), [0, 0]);
});

Deno.test("all requests before the first byte share one deadline", async () => {
  // Far later than the test may take.
  const timeouts = { raceTimeoutMs: 50, answerTimeoutMs: 600_000 };
  await using bed = await DownloadBed.start({ timeouts });
  const body = packageBytes(SIZE, 3);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "ignoreRange" }, 1);
  bed.mirrors[0]!.behave("*", { kind: "hangBeforeHeaders" });
  const received = new Received();
  received.push(body.subarray(0, HALF));
  const request = requestOf(new AbortController().signal, {
    offset: HALF,
    identity: { size: SIZE, lastModified: null, etag: null, mirror: bed.mirror(0).name },
    deadlineAt: performance.now() + 500,
  });
  const error = await assertRejects(
    () => Transfer.open(bed.upstream, request, received),
    PkgstashError,
  );
  assertEquals(error.kind, "upstream_timeout");
  assertEquals(bed.mirrors[0]!.count(), 2);
});
