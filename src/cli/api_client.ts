import { type Problem, PROBLEM_TYPE } from "../api/problem.ts";
import { reasonOf } from "../errors.ts";
import { AdministrationError } from "./administration_error.ts";
import { type AdministratorToken, findToken } from "./administrator_token.ts";
import type { OptionValues } from "./command.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";
import { VERSION } from "../version.ts";

export const DEFAULT_URL = "http://localhost:8090";
export const URL_VARIABLE = "PKGSTASH_URL";

/** Milliseconds for an answer to begin that takes the daemon no work. */
const PATIENCE = 30_000;

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whether the daemon may take as long as it needs. */
  readonly isLong?: boolean;
}

/** The daemon's API; whatever keeps it from answering is one message that says what to do. */
export class ApiClient {
  constructor(private readonly url: string, private readonly token: AdministratorToken) {}

  /** As the options and the environment of a command say. */
  static async of(options: OptionValues): Promise<ApiClient> {
    const url = options.get("url") ?? (Deno.env.get(URL_VARIABLE) || DEFAULT_URL);
    return new ApiClient(checkedUrl(url), await findToken(options.get("token-file")));
  }

  /** The JSON of an answer, or undefined for one without a body. */
  async ask<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.#send(path, request);
    const type = response.headers.get("content-type") ?? "";
    if (response.status === 204) return undefined as T;
    try {
      if (!type.startsWith("application/json")) throw new TypeError(`${type || "no type"}`);
      return await response.json();
    } catch (error) {
      throw new AdministrationError(
        EXIT_CODE.unsupported,
        `Cannot understand the answer of ${this.url}: ${reasonOf(error)}. Is that pkgstash?`,
        { cause: error },
      );
    }
  }

  /** The lines of an answer that comes bit by bit, each of them JSON. */
  async *lines<T>(path: string, request: ApiRequest = {}): AsyncGenerator<T> {
    const response = await this.#send(path, { ...request, isLong: true });
    let rest = "";
    try {
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) yield JSON.parse(line) as T;
      }
    } catch (error) {
      if (error instanceof AdministrationError) throw error;
      throw new AdministrationError(
        EXIT_CODE.unreachable,
        `The answer of ${this.url} broke off: ${reasonOf(error)}. See what its log says.`,
        { cause: error },
      );
    }
  }

  async #send(path: string, { method = "GET", query = {}, body, isLong }: ApiRequest) {
    const url = new URL(`${this.url}/api/v1/${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const controller = new AbortController();
    const timer = isLong ? undefined : setTimeout(() => controller.abort(), PATIENCE);
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.token.token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The token is for this server, wherever it would send us.
        redirect: "manual",
        signal: controller.signal,
      });
    } catch (error) {
      throw this.#unreachable(
        controller.signal.aborted ? `no answer within ${PATIENCE / 1000} s` : causeOf(error),
      );
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return response;
    throw await this.#failure(response);
  }

  #unreachable(reason: string): AdministrationError {
    return new AdministrationError(
      EXIT_CODE.unreachable,
      `Cannot reach pkgstash at ${this.url}: ${reason}.\n` +
        "  Is it running? (systemctl status pkgstash)\n" +
        `  If it is elsewhere, say so with --url or ${URL_VARIABLE}.`,
    );
  }

  async #failure(response: Response): Promise<AdministrationError> {
    const problem = await problemOf(response);
    if (response.status === 401) {
      return new AdministrationError(
        EXIT_CODE.refused,
        `${this.url} does not accept the token from ${this.token.source}.\n` +
          "  Is it the one that the daemon was started with? It is read at the start and on reload.",
      );
    }
    if (response.status === 403 && problem.detail !== null) {
      return new AdministrationError(EXIT_CODE.refused, visible(problem.detail));
    }
    if (problem.kind === null && response.status >= 500) {
      throw this.#unreachable(`what is in front of it answered ${response.status}`);
    }
    if (problem.kind === null || problem.kind === "unknown_route") {
      const location = response.headers.get("location");
      return new AdministrationError(
        EXIT_CODE.unsupported,
        `What answers at ${this.url} cannot do this (${response.status}` +
          `${location === null ? "" : `, it points to ${visible(location)}`}).\n` +
          `  It is an older pkgstash than this one (${VERSION}), or something else: ` +
          "upgrade and restart it, or check --url.",
      );
    }
    return new AdministrationError(EXIT_CODE.failure, visible(problem.detail ?? ""));
  }
}

function checkedUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`"${text}" is not a URL; it is like ${DEFAULT_URL}.`);
  }
  if (url.protocol === "http:" || url.protocol === "https:") {
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  }
  throw new UsageError(`"${text}" is not a URL of HTTP; it is like ${DEFAULT_URL}.`);
}

/** What a failed answer says, as far as it says so in the way of this API. */
async function problemOf(
  response: Response,
): Promise<{ kind: string | null; detail: string | null }> {
  const text = await response.text().catch(() => "");
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith(PROBLEM_TYPE)) {
    // An older one says in plain text why it is off.
    return { kind: null, detail: type.startsWith("text/plain") ? text.trim() : null };
  }
  try {
    const { kind, detail } = JSON.parse(text) as Problem;
    return { kind, detail };
  } catch {
    return { kind: null, detail: null };
  }
}

/** The reason within what fetch says, which newer versions of Deno keep in the cause. */
function causeOf(error: unknown): string {
  const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error);
  return /: client error \(\w+\): (.+)$/s.exec(reason)?.[1] ?? reason;
}
