import type { Job } from "../../src/api/builder.ts";
import type { OwnPackage } from "./own_package.ts";
import { sha256Of } from "./sha256.ts";

/** What the daemon answered. */
export interface BuilderAnswer<Value = Record<string, unknown>> {
  readonly status: number;
  readonly value: Value;
}

/** A builder that builds nothing: it says over HTTP whatever a test wants it to say. */
export class FakeBuilder {
  readonly #origin: string;
  readonly #token: string;

  constructor(origin: string, token: string) {
    this.#origin = origin;
    this.#token = token;
  }

  /** Leases a job; null if there is none in `waitMs`. */
  async lease(
    { architectures = ["x86_64"], waitMs = 0 }: {
      architectures?: readonly string[];
      waitMs?: number;
    } = {},
  ): Promise<Job | null> {
    const body = { architectures, version: "1.0", wait_ms: waitMs };
    const answer = await this.send<Job>("POST", "lease", JSON.stringify(body));
    return answer.status === 204 ? null : answer.value;
  }

  /** The tar of a job's files. */
  async tree(job: string): Promise<Uint8Array> {
    const response = await this.#fetch("GET", `jobs/${job}/tree`);
    return await response.bytes();
  }

  heartbeat(job: string, step = "building"): Promise<BuilderAnswer> {
    return this.send("POST", `jobs/${job}/heartbeat`, JSON.stringify({ step }));
  }

  log(job: string, offset: number, text: string | Uint8Array<ArrayBuffer>): Promise<BuilderAnswer> {
    return this.send("POST", `jobs/${job}/log?offset=${offset}`, text);
  }

  metadata(job: string, srcinfo: string): Promise<BuilderAnswer> {
    return this.send("POST", `jobs/${job}/metadata`, JSON.stringify({ srcinfo }));
  }

  upload(
    job: string,
    { fileName, bytes }: OwnPackage,
    sha256: string = sha256Of(bytes),
  ): Promise<BuilderAnswer> {
    const file = encodeURIComponent(fileName);
    return this.send("PUT", `jobs/${job}/packages/${file}?sha256=${sha256}`, bytes);
  }

  /** Says that these packages are built. */
  built(job: string, packages: readonly OwnPackage[]): Promise<BuilderAnswer> {
    const listed = packages.map(({ fileName, bytes }) => ({
      file: fileName,
      sha256: sha256Of(bytes),
    }));
    return this.result(job, { outcome: "built", packages: listed });
  }

  failed(job: string, failure: string, reason = "it does not compile"): Promise<BuilderAnswer> {
    return this.result(job, { outcome: "failed", failure, step: "building", reason });
  }

  result(job: string, result: Record<string, unknown>): Promise<BuilderAnswer> {
    return this.send("POST", `jobs/${job}/result`, JSON.stringify({ duration_ms: 1, ...result }));
  }

  /** Uploads packages, and says that they are built. */
  async finish(job: string, packages: readonly OwnPackage[]): Promise<BuilderAnswer> {
    for (const each of packages) await this.upload(job, each);
    return await this.built(job, packages);
  }

  async send<Value = Record<string, unknown>>(
    method: string,
    target: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<BuilderAnswer<Value>> {
    const response = await this.#fetch(method, target, body);
    const text = await response.text();
    return { status: response.status, value: (text === "" ? {} : JSON.parse(text)) as Value };
  }

  #fetch(method: string, target: string, body?: string | Uint8Array<ArrayBuffer>) {
    return fetch(`${this.#origin}/api/v1/builder/${target}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body === undefined ? {} : { body }),
    });
  }
}
