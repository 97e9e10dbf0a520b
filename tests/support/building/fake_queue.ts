import { encodeHex } from "@std/encoding/hex";
import { packTar } from "modern-tar";
import { join } from "@std/path";
import type { Job } from "../../../src/api/builder.ts";
import {
  APPEND_LOG,
  type LEASE_JOB,
  REPORT_RESULT,
  SEND_HEARTBEAT,
  SEND_METADATA,
} from "../../../src/api/builder.ts";
import { sha256Of } from "../sha256.ts";
import { Waiters } from "../waiters.ts";
import type { z } from "zod";

/** The files of a package source by their names; a mode is 0644 unless the name begins with "+". */
export type SourceFiles = Readonly<Record<string, string>>;

/** A job that builders may have, and all that they said about it. */
export interface FakeJob {
  readonly job: Job;
  readonly files: SourceFiles;
  /** All of the log that has arrived. */
  log: Uint8Array;
  /** The steps of the heartbeats, each once. */
  readonly steps: string[];
  readonly products: Map<string, Uint8Array<ArrayBuffer>>;
  printed: string | null;
  result: z.output<typeof REPORT_RESULT.body> | null;
  /** How often it was leased. */
  leases: number;
  isCancelled: boolean;
}

export type JobDraft =
  & { readonly files: SourceFiles; readonly package_base: string }
  & Partial<Omit<Job, "limits" | "settings">>
  & { readonly limits?: Partial<Job["limits"]>; readonly settings?: Partial<Job["settings"]> };

/** Where builds find packages. */
export interface JobRepositories {
  readonly repository: Job["repository"];
  readonly mirrored: Job["mirrored"];
}

const TOKEN = "b".repeat(40);

/** The daemon as builders see it, strict about what they send. */
export class FakeQueue implements AsyncDisposable {
  readonly jobs: FakeJob[] = [];
  readonly #waiters = new Waiters();
  readonly #repositories: JobRepositories;
  #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #port: number;
  /** Requests that were refused, and why. */
  readonly faults: string[] = [];
  compare: (printed: string, job: FakeJob) => string[] = () => [];
  #isStopping = false;

  constructor(repositories: JobRepositories) {
    this.#repositories = repositories;
    this.#server = this.#listen(0);
    this.#port = this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get token(): string {
    return TOKEN;
  }

  /** Adds a job, which the next builder that asks gets. */
  add({ files, limits, settings, ...draft }: JobDraft): FakeJob {
    const job: Job = {
      id: encodeHex(crypto.getRandomValues(new Uint8Array(16))),
      build: this.jobs.length + 1,
      attempt: 1,
      package_names: [draft.package_base],
      version: "1.0-1",
      pkgrel: null,
      pkgver: null,
      is_vcs: false,
      reproduce: false,
      architecture: "x86_64",
      tree_hash: "0".repeat(64),
      source_date_epoch: 1_700_000_000,
      packager: "Tests <tests@example.invalid>",
      lease_ms: 10_000,
      ...this.#repositories,
      ...draft,
      settings: {
        network: false,
        check: true,
        ccache: false,
        sccache: false,
        makepkg_conf: "",
        environment: {},
        packages: [],
        timeout_ms: null,
        memory_bytes: null,
        disk_bytes: null,
        ...settings,
      },
      limits: {
        timeout_ms: 120_000,
        log_bytes: 4 * 1024 ** 2,
        disk_bytes: 2 * 1024 ** 3,
        memory_bytes: 4 * 1024 ** 3,
        processes: 512,
        ...limits,
      },
    };
    const fake: FakeJob = {
      job,
      files,
      log: new Uint8Array(0),
      steps: [],
      products: new Map(),
      printed: null,
      result: null,
      leases: 0,
      isCancelled: false,
    };
    this.jobs.push(fake);
    this.#waiters.notify();
    return fake;
  }

  /** Makes a job free again, as when its lease has ended. */
  release(fake: FakeJob): void {
    (fake.job as { id: string }).id = encodeHex(crypto.getRandomValues(new Uint8Array(16)));
    fake.leases = 0;
    this.#waiters.notify();
  }

  async until(condition: () => boolean): Promise<void> {
    await this.#waiters.until(condition);
  }

  /** The log of a job as text. */
  logOf(fake: FakeJob): string {
    return new TextDecoder().decode(fake.log);
  }

  /** Resolves when a job has a result, with that. */
  async resultOf(fake: FakeJob): Promise<NonNullable<FakeJob["result"]>> {
    await this.#waiters.until(() => fake.result !== null);
    return fake.result!;
  }

  /** Stops listening, and starts again at the same port: jobs stay. */
  async restart(between: () => void = () => {}): Promise<void> {
    this.#isStopping = true;
    this.#waiters.notify();
    await this.#server.shutdown();
    between();
    this.#isStopping = false;
    this.#server = this.#listen(this.#port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#waiters.notify();
    await this.#server.shutdown();
  }

  #listen(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.headers.get("authorization") !== `Bearer ${TOKEN}`) {
      await request.body?.cancel();
      return problem(401, "unauthorized");
    }
    const parts = pathname.split("/").slice(4);
    if (parts[0] === "lease") return await this.#lease(await request.json());
    const fake = this.jobs.find(({ job }) => job.id === parts[1]);
    if (fake === undefined || fake.result !== null) {
      await request.body?.cancel();
      return problem(409, "the lease has ended");
    }
    const response = await this.#about(fake, { request, parts, searchParams });
    this.#waiters.notify();
    return response;
  }

  async #about(
    fake: FakeJob,
    { request, parts, searchParams }: {
      request: Request;
      parts: string[];
      searchParams: URLSearchParams;
    },
  ): Promise<Response> {
    switch (parts[2]) {
      case "tree":
        return new Response(await tarOf(fake.files));
      case "heartbeat": {
        const { step } = SEND_HEARTBEAT.body.parse(await request.json());
        if (fake.steps.at(-1) !== step) fake.steps.push(step);
        return Response.json({ cancelled: fake.isCancelled });
      }
      case "log": {
        const offset = APPEND_LOG.query.offset.parse(searchParams.get("offset"));
        const bytes = await request.bytes();
        if (offset > fake.log.length) {
          return Response.json({ next_offset: fake.log.length, full: false });
        }
        const fresh = bytes.subarray(fake.log.length - offset);
        fake.log = new Uint8Array([...fake.log, ...fresh]);
        return Response.json({ next_offset: fake.log.length, full: false });
      }
      case "metadata": {
        const { srcinfo } = SEND_METADATA.body.parse(await request.json());
        fake.printed = srcinfo;
        const differences = this.compare(srcinfo, fake);
        return Response.json({ proceed: differences.length === 0, differences });
      }
      case "packages": {
        const bytes = await request.bytes();
        const file = decodeURIComponent(parts[3]!);
        if (sha256Of(bytes) !== searchParams.get("sha256")) {
          this.faults.push(`${file} has another SHA-256`);
        }
        fake.products.set(file, bytes);
        return Response.json({ name: file, version: "1", bytes: bytes.length });
      }
      case "result": {
        const result = REPORT_RESULT.body.parse(await request.json());
        const missing = result.outcome === "built"
          ? result.packages.map(({ file }) => file).filter((file) => !fake.products.has(file))
          : [];
        if (missing.length > 0) {
          return Response.json({ state: "incomplete", missing, reason: null });
        }
        fake.result = result;
        return Response.json({ state: "published", missing: [], reason: null });
      }
    }
    return problem(404, "unknown route");
  }

  async #lease(body: z.input<typeof LEASE_JOB.body>): Promise<Response> {
    const next = () =>
      this.jobs.find(({ job, leases, result }) =>
        leases === 0 && result === null && body.architectures.includes(job.architecture)
      );
    await this.#waiters.until(() => this.#isStopping || next() !== undefined);
    const found = next();
    if (found === undefined) return new Response(null, { status: 204 });
    found.leases++;
    return Response.json(found.job);
  }
}

async function tarOf(files: SourceFiles): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new Uint8Array(
    await packTar(
      Object.entries(files).map(([name, text]) => {
        const body = encoder.encode(text);
        const header = { name: name.replace(/^\+/, ""), size: body.length, mtime: new Date(0) };
        const mode = name.startsWith("+") ? 0o755 : 0o644;
        return { header: { ...header, mode, type: "file" as const }, body };
      }),
    ),
  );
}

/** Writes the packages of a job into a folder; returns their paths. */
export async function saveProducts({ products }: FakeJob, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const [file, bytes] of products) {
    const path = join(folder, file);
    await Deno.writeFile(path, bytes);
    paths.push(path);
  }
  return paths;
}

function problem(status: number, detail: string): Response {
  return Response.json({ type: "about:blank", title: "", status, detail, kind: "conflict" }, {
    status,
    headers: { "content-type": "application/problem+json" },
  });
}
