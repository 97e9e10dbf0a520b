import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Repository } from "../../../../src/repositories/repository.ts";
import type { Download, DownloadRequest } from "../../../../src/mirroring/downloads/download.ts";
import { DownloadRegistry } from "../../../../src/mirroring/downloads/download_registry.ts";
import { type MirrorTimeouts, Upstream } from "../../../../src/mirroring/mirrors/upstream.ts";
import { readDownload } from "../../../../src/mirroring/downloads/part_reader.ts";
import { archiveAt, type Mirror, mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import type { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";

/** The repository that everything here is asked of. */
export const EXTRA: Repository = {
  upstream: "arch",
  name: "extra",
  architecture: "x86_64",
  directory: "extra/os/x86_64",
};

export const PACKAGE = "hello-2.12-1-x86_64.pkg.tar.zst";

/** Where a mirror has a file of `EXTRA`. */
export function pathOf(fileName: string): string {
  return `/extra/os/x86_64/${fileName}`;
}

export interface DownloadBedOptions {
  /** How many mirrors. */
  mirrors?: number;
  archive?: boolean;
  timeouts?: Partial<MirrorTimeouts>;
  /** The mirrors' clock, in milliseconds. */
  now?: () => number;
}

type RequestOptions = Partial<DownloadRequest>;

/** Fake mirrors, and all that lies between them and a reader; in a folder of its own. */
export class DownloadBed implements AsyncDisposable {
  readonly metrics = new Metrics();
  readonly registry = new DownloadRegistry(this.metrics);

  private constructor(
    readonly folder: string,
    /** In the order in which they are asked when nothing speaks against it. */
    readonly mirrors: readonly FakeMirror[],
    readonly archive: FakeMirror | null,
    readonly access: Upstream,
  ) {}

  static async start(options: DownloadBedOptions = {}): Promise<DownloadBed> {
    const { mirrors: count = 1, now } = options;
    const mirrors = await Promise.all(Array.from({ length: count }, () => FakeMirror.start()));
    const archive = options.archive === true ? await FakeMirror.start() : null;
    const client = new HttpClient({ userAgent: "pkgstash-test", upstreamProxy: null });
    const metrics = new Metrics();
    const access = new Upstream({
      name: "arch",
      mirrors: mirrors.map(({ url }) => mirrorAt(url, "$repo/os/$arch", now)),
      archive: archive === null ? null : archiveAt(`${archive.url}packages`, now),
      client,
      timeouts: {
        raceTimeoutMs: 2_000,
        stallTimeoutMs: 2_000,
        answerTimeoutMs: 5_000,
        ...options.timeouts,
      },
      metrics,
    });
    const folder = await Deno.makeTempDir({ prefix: "pkgstash-download-" });
    return new DownloadBed(folder, mirrors, archive, access);
  }

  get pool(): MirrorPool {
    return this.access.pool;
  }

  /** What the pool knows of the mirror of this number. */
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

  notePath(fileName = PACKAGE): string {
    return join(this.folder, "parts", `${fileName}.json`);
  }

  /** Joins the download of a file of `EXTRA`, or starts it. */
  join(fileName = PACKAGE, options: RequestOptions = {}) {
    return this.registry.join(fileName, this.access, () => ({
      repository: EXTRA,
      fileName,
      kind: fileName.endsWith(".sig") ? "signature" : "package",
      ifModifiedSince: null,
      patience: 1_000,
      partBase: join(this.folder, "parts", fileName),
      finalPath: this.finalPath(fileName),
      expected: () => Promise.resolve(null),
      ...options,
    }));
  }

  download(fileName = PACKAGE, options: RequestOptions = {}): Download {
    return this.join(fileName, options).download;
  }

  /** Leaves behind what a run that was killed leaves: the first bytes, and whose they are. */
  async leavePart(bytes: Uint8Array, note: unknown, fileName = PACKAGE): Promise<void> {
    await Deno.mkdir(join(this.folder, "parts"), { recursive: true });
    await Deno.writeFile(this.partPath(fileName), bytes);
    await Deno.writeTextFile(
      this.notePath(fileName),
      typeof note === "string" ? note : JSON.stringify(note),
    );
  }

  /** Names of what is in the parts folder. */
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
    this.access.close();
    for (const mirror of this.mirrors) await mirror[Symbol.asyncDispose]();
    await this.archive?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** One client's view of a download: what it was given, and whether that was all. */
export interface Reading {
  bytes: Uint8Array<ArrayBuffer>;
  error: unknown;
}

/** Reads a download from `start` to its end, be it good or bad. */
export async function read(download: Download, start = 0): Promise<Reading> {
  const opening = await download.opened.catch((error) => error);
  if (opening instanceof Error) return { bytes: new Uint8Array(), error: opening };
  return await collect(readDownload(download, start, null));
}

/** Everything that a stream gives, be its end good or bad. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Reading> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let error: unknown = null;
  try {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array<ArrayBuffer>);
  } catch (reason) {
    error = reason;
  }
  return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), error };
}

/** Whether a file is there. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Asserts that a reading is all of `expected` and ended well. */
export function assertWhole({ bytes, error }: Reading, expected: Uint8Array): void {
  assertEquals(error, null);
  assertSameBytes(bytes, expected);
}

/** Like `assertEquals`, which takes minutes to say how two mebibytes differ. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length, "length");
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assertEquals(at, -1, `the bytes differ from ${at} on`);
}

/** Asserts that a reading broke off, before its last byte, and was right as far as it went. */
export function assertBroken({ bytes, error }: Reading, expected: Uint8Array): void {
  assert(error instanceof Error, "the reading ended as if it were whole");
  assert(bytes.length < expected.length, "a failed reading has every byte");
  assertSameBytes(bytes, expected.subarray(0, bytes.length));
}
