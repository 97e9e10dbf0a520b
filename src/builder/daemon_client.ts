import { z } from "zod";
import {
  APPEND_LOG,
  FETCH_TREE,
  type Job,
  LEASE_JOB,
  REPORT_RESULT,
  SEND_HEARTBEAT,
  SEND_METADATA,
  UPLOAD_PRODUCT,
} from "../api/builder.ts";
import { LEASE_LOOK, type LookReport, REPORT_LOOK, SEND_LOOK_TREE } from "../api/looks.ts";
import type { BuildStep } from "../api/builder.ts";
import type { Endpoint, FileBody } from "../api/endpoint.ts";
import { faultsOf } from "../api/faults.ts";
import { PROBLEM_TYPE } from "../api/problem.ts";
import { endpointUrl, requestContent } from "../api_client/endpoint_request.ts";
import { sendFile } from "../api_client/send_file.ts";
import { reasonOf } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { Product } from "./steps/products.ts";

/** A failed request to the daemon. */
export class DaemonError extends Error {
  override readonly name = "DaemonError";

  /** With "lease_ended", another builder may have the job. */
  constructor(
    readonly kind: "unreachable" | "refused" | "unsupported" | "lease_ended" | "rejected",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The outcome of a job, as reported to the daemon. */
export type Outcome = z.input<typeof REPORT_RESULT.body>;

/** The outcome of a look, as reported to the daemon. */
export type LookOutcome = z.input<typeof REPORT_LOOK.body>;

/** Time limit of a request that the daemon answers at once. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Publishing takes longer. */
const RESULT_TIMEOUT_MS = 10 * 60_000;
/** Less than the idle timeout of common proxies. */
const LEASE_WAIT_MS = 45_000;
const MAX_PROBLEM_LENGTH = 500;

/** The daemon's endpoints for builders. */
export class DaemonClient {
  readonly #url: string;
  readonly #token: string;

  /** `url` has no trailing slash. */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  get url(): string {
    return this.#url;
  }

  /** Waits for a job; null if there was none within the waiting time. */
  async lease(architectures: readonly string[], signal: AbortSignal): Promise<Job | null> {
    const body = { architectures: [...architectures], version: VERSION, wait_ms: LEASE_WAIT_MS };
    const limit = AbortSignal.timeout(LEASE_WAIT_MS + ANSWER_TIMEOUT_MS);
    const response = await this.#send(LEASE_JOB, { body }, AbortSignal.any([signal, limit]));
    if (response.status === 204) return null;
    return await this.#json(response, LEASE_JOB.answers[200]);
  }

  /** The approved files, as a tar archive. */
  async tree(job: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#send(FETCH_TREE, { job }, signal);
    try {
      return await response.bytes();
    } catch (error) {
      throw this.#unreachable(reasonOf(error));
    }
  }

  async heartbeat(job: string, step: BuildStep, signal: AbortSignal) {
    const response = await this.#send(SEND_HEARTBEAT, { job, body: { step } }, within(signal));
    return await this.#json(response, SEND_HEARTBEAT.answers[200]);
  }

  async appendLog(job: string, offset: number, bytes: Uint8Array<ArrayBuffer>) {
    const body = { content: new Blob([bytes]).stream(), size: bytes.length };
    const values = { job, offset, body };
    const response = await this.#send(APPEND_LOG, values, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    return await this.#json(response, APPEND_LOG.answers[200]);
  }

  async metadata(job: string, srcinfo: string, signal: AbortSignal) {
    const response = await this.#send(SEND_METADATA, { job, body: { srcinfo } }, within(signal));
    return await this.#json(response, SEND_METADATA.answers[200]);
  }

  /** Uploads a package; the daemon verifies its hash. */
  async upload(job: string, { file, path, size, sha256 }: Product, signal: AbortSignal) {
    const opened = await Deno.open(path);
    const values = { job, file, sha256, body: { content: opened.readable, size } };
    const response = await this.#send(UPLOAD_PRODUCT, values, signal);
    return await this.#json(response, UPLOAD_PRODUCT.answers[200]);
  }

  async result(job: string, outcome: Outcome) {
    const limit = AbortSignal.timeout(RESULT_TIMEOUT_MS);
    const response = await this.#send(REPORT_RESULT, { job, body: outcome }, limit);
    return await this.#json(response, REPORT_RESULT.answers[200]);
  }

  /** Waits for a look; null if there was none within the waiting time. */
  async leaseLook(signal: AbortSignal): Promise<LookReport | null> {
    const body = { wait_ms: LEASE_WAIT_MS };
    const limit = AbortSignal.timeout(LEASE_WAIT_MS + ANSWER_TIMEOUT_MS);
    const response = await this.#send(LEASE_LOOK, { body }, AbortSignal.any([signal, limit]));
    if (response.status === 204) return null;
    return await this.#json(response, LEASE_LOOK.answers[200]);
  }

  async lookResult(look: string, outcome: LookOutcome): Promise<void> {
    const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    await this.#send(REPORT_LOOK, { look, body: outcome }, limit);
  }

  /** Sends the files of a git repository, as a tar archive. */
  async lookTree(look: string, commit: string, tar: Uint8Array<ArrayBuffer>): Promise<void> {
    const body = { content: new Blob([tar]).stream(), size: tar.length };
    const limit = AbortSignal.timeout(RESULT_TIMEOUT_MS);
    await this.#send(SEND_LOOK_TREE, { look, commit, body }, limit);
  }

  async #send(
    endpoint: Endpoint,
    values: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { method } = endpoint;
    const content = requestContent(endpoint.body, values["body"]);
    const url = endpointUrl(this.#url, endpoint, values);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...content === null ? {} : { "content-type": content.type },
    };
    let response: Response;
    try {
      const body = content?.body ?? null;
      response = body === null || typeof body === "string"
        ? await fetch(url, { method, headers, body, signal, redirect: "manual" })
        : await sendFile(url, { method, headers, body: body as FileBody, signal });
    } catch (error) {
      throw this.#unreachable(reasonOf(error));
    }
    if (response.ok) return response;
    throw await this.#failure(endpoint, response);
  }

  async #json<Schema extends z.ZodType>(
    response: Response,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    let value: unknown;
    try {
      value = await response.json();
    } catch (error) {
      throw this.#unreachable(`its response is incomplete or not JSON: ${reasonOf(error)}`);
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new DaemonError(
      "unsupported",
      `Cannot understand the daemon at ${this.#url}: ${
        faultsOf(schema, value, "its response").join("; ")
      }. Upgrade the older one of daemon and builder (${VERSION}).`,
    );
  }

  async #failure(endpoint: Endpoint, response: Response): Promise<DaemonError> {
    const { status, headers } = response;
    const text = await response.text().catch(() => "");
    const isOurs = (headers.get("content-type") ?? "").startsWith(PROBLEM_TYPE);
    const detail = isOurs ? detailOf(text) : "";
    if (isOurs && status === 409) return new DaemonError("lease_ended", detail);
    if (status === 401 || status === 403) {
      return new DaemonError(
        "refused",
        `The daemon at ${this.#url} rejects the token: ${detail || `status ${status}`}. ` +
          'Create one with "pkgstash token create --builder NAME" and put it into token_file.',
      );
    }
    if (isOurs && status < 500) {
      const kind = status === 404 && /job|look/.test(detail) ? "lease_ended" : "rejected";
      return new DaemonError(kind, `Cannot ${endpoint.summary.toLowerCase()}: ${detail}`);
    }
    if (status >= 500) {
      return this.#unreachable(`it responds with status ${status} ${detail}`.trim());
    }
    return new DaemonError(
      "unsupported",
      `The server at ${this.#url} responds with status ${status}: it is an older pkgstash than this ` +
        `builder (${VERSION}), or something else. Upgrade it, or check url.`,
    );
  }

  #unreachable(reason: string): DaemonError {
    return new DaemonError("unreachable", `Cannot reach the daemon at ${this.#url}: ${reason}.`);
  }
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
}

function detailOf(text: string): string {
  try {
    return z.object({ detail: z.string() }).parse(JSON.parse(text)).detail
      .slice(0, MAX_PROBLEM_LENGTH);
  } catch {
    return "";
  }
}
