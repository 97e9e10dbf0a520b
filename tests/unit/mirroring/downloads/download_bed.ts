import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Expectation } from "../../../../src/repositories/package_index.ts";
import type { Repository } from "../../../../src/repositories/repository.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import type {
  DownloadRequest,
  Expectations,
} from "../../../../src/mirroring/downloads/download_request.ts";
import { DownloadRegistry } from "../../../../src/mirroring/downloads/download_registry.ts";
import type { MirrorLimits } from "../../../../src/mirroring/mirrors/mirror_limits.ts";
import { Upstream } from "../../../../src/mirroring/mirrors/upstream.ts";
import { readDownload } from "../../../../src/mirroring/downloads/part_reader.ts";
import { archiveAt, type Mirror, mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import type { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";
import { HttpClient, redirectPolicy } from "../../../../src/platform/http_client.ts";
import type { RedirectPolicy } from "../../../../src/platform/redirects.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { PATIENT_MS } from "../../../support/patience.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";

/** The repository of every file here. */
export const EXTRA: Repository = {
  upstream: "arch",
  name: "extra",
  architecture: "x86_64",
  directory: "extra/os/x86_64",
};

export const PACKAGE = "hello-2.12-1-x86_64.pkg.tar.zst";

/** A database that says this of every file. */
export function expecting(expectation: Expectation): Expectations {
  return { expectationOf: () => Promise.resolve(expectation) };
}

/** Where a mirror has a file of `EXTRA`. */
export function pathOf(fileName: string): string {
  return `/extra/os/x86_64/${fileName}`;
}

export interface DownloadBedOptions {
  /** How many mirrors; one unless given. */
  mirrors?: number;
  archive?: boolean;
  /** Patient ones by default; a test whose subject is a timeout states its own. */
  timeouts?: Partial<MirrorLimits>;
  /** Milliseconds by the clock of the mirror of this number. */
  now?: (index: number) => number;
  client?: (mirrors: readonly FakeMirror[]) => HttpClient;
}

type RequestOptions = Partial<DownloadRequest>;

/** Fake mirrors and everything between them and a reader, in a folder of its own. */
export class DownloadBed implements AsyncDisposable {
  readonly metrics = new Metrics();
  readonly registry = new DownloadRegistry(this.metrics);

  private constructor(
    readonly folder: string,
    /** In the order in which they are asked by default. */
    readonly mirrors: readonly FakeMirror[],
    readonly archive: FakeMirror | null,
    readonly upstream: Upstream,
    /** Decides where the mirrors may redirect to. */
    readonly redirects: RedirectPolicy,
  ) {}

  static async start(options: DownloadBedOptions = {}): Promise<DownloadBed> {
    const { mirrors: count = 1, now } = options;
    const mirrors = await Promise.all(Array.from({ length: count }, () => FakeMirror.start()));
    const archive = options.archive === true ? await FakeMirror.start() : null;
    const clockOf = (index: number) => now === undefined ? undefined : () => now(index);
    const redirects = redirectPolicy(null);
    const client = options.client?.(mirrors) ??
      new HttpClient({ userAgent: "pkgstash-test", upstreamProxy: null, redirects });
    const metrics = new Metrics();
    const upstream = new Upstream({
      name: "arch",
      mirrors: mirrors.map(({ url }, index) => mirrorAt(url, "$repo/os/$arch", clockOf(index))),
      archive: archive === null ? null : archiveAt(`${archive.url}packages`, clockOf(count)),
      client,
      limits: {
        raceTimeoutMs: PATIENT_MS,
        stallTimeoutMs: PATIENT_MS,
        answerTimeoutMs: 3 * PATIENT_MS,
        minimumBytesPerSecond: 0,
        stripeThresholdBytes: 0,
        ...options.timeouts,
      },
      metrics,
    });
    const folder = await Deno.makeTempDir({ prefix: "pkgstash-download-" });
    return new DownloadBed(folder, mirrors, archive, upstream, redirects);
  }

  get pool(): MirrorPool {
    return this.upstream.pool;
  }

  /** The mirror of this number as the pool knows it. */
  mirror(index: number): Mirror {
    return this.pool.mirrors[index]!;
  }

  /** Puts a file of `EXTRA` on every mirror. */
  put(fileName: string, body: Uint8Array): void {
    for (const mirror of this.mirrors) mirror.put(pathOf(fileName), body);
  }

  finalPath(fileName = PACKAGE): string {
    return join(this.folder, "cache", fileName);
  }

  partPath(fileName = PACKAGE): string {
    return join(this.folder, "parts", `${fileName}.part`);
  }

  sidecarPath(fileName = PACKAGE): string {
    return join(this.folder, "parts", `${fileName}.json`);
  }

  /** Joins the download of a file of `EXTRA`, or starts it. */
  join(fileName = PACKAGE, options: RequestOptions = {}) {
    return this.registry.join(fileName, this.upstream, () => ({
      repository: EXTRA,
      fileName,
      kind: fileName.endsWith(".sig") ? "signature" : "package",
      patienceMs: PATIENT_MS,
      partBase: join(this.folder, "parts", fileName),
      finalPath: this.finalPath(fileName),
      expectations: null,
      ...options,
    }));
  }

  download(fileName = PACKAGE, options: RequestOptions = {}): Download {
    return this.join(fileName, options).download;
  }

  /** Leaves what a killed run leaves behind: the first bytes, and a sidecar (JSON unless text). */
  async leavePart(bytes: Uint8Array, sidecar: unknown, fileName = PACKAGE): Promise<void> {
    await Deno.mkdir(join(this.folder, "parts"), { recursive: true });
    await Deno.writeFile(this.partPath(fileName), bytes);
    await Deno.writeTextFile(
      this.sidecarPath(fileName),
      typeof sidecar === "string" ? sidecar : JSON.stringify(sidecar),
    );
  }

  /** Names of the files in the parts folder. */
  async parts(): Promise<string[]> {
    try {
      return (await Array.fromAsync(Deno.readDir(join(this.folder, "parts")))).map(({ name }) =>
        name
      );
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.stop();
    this.upstream.close();
    for (const mirror of this.mirrors) await mirror[Symbol.asyncDispose]();
    await this.archive?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What one client received of a download, and the error that ended it, or null. */
export interface Reading {
  bytes: Uint8Array<ArrayBuffer>;
  error: unknown;
}

/** Reads a download until it ends or fails. */
export async function read(download: Download): Promise<Reading> {
  const opening = await download.opened.catch((error) => error);
  if (opening instanceof Error) return { bytes: new Uint8Array(), error: opening };
  return await collect(readDownload(download, { start: 0, last: null }));
}

/** Reads a stream until it ends or fails. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Reading> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let error: unknown = null;
  try {
    // A chunk is gone with the next read.
    for await (const chunk of stream) chunks.push(chunk.slice() as Uint8Array<ArrayBuffer>);
  } catch (reason) {
    error = reason;
  }
  return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), error };
}

/** Whether a file is there. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Asserts that a reading did not fail and is all of `expected`. */
export function assertWhole({ bytes, error }: Reading, expected: Uint8Array): void {
  assertEquals(error, null);
  assertSameBytes(bytes, expected);
}

/** Asserts that a reading failed before its last byte, with the right bytes up to there. */
export function assertBroken({ bytes, error }: Reading, expected: Uint8Array): void {
  assert(error instanceof Error, "the reading did not fail");
  assert(bytes.length < expected.length, "a failed reading has every byte");
  assertSameBytes(bytes, expected.subarray(0, bytes.length));
}
