import { z } from "zod";
import type {
  Answered,
  Empty,
  Endpoint,
  InputArguments,
  Lines,
  LineValue,
  QueryShape,
  RequestBody,
} from "../api/endpoint.ts";
import { faultsOf } from "../api/faults.ts";
import { PROBLEM_TYPE } from "../api/problem.ts";
import { endpointUrl, requestContent } from "../api_client/endpoint_request.ts";
import { sendFile } from "../api_client/send_file.ts";
import { madeTokenFile } from "../config/made_token.ts";
import { DEFAULT_STATE_ROOT } from "../config/out_of_reach.ts";
import { DEFAULT_CONFIG_PATH } from "../config/read_config.ts";
import { TOKEN_VARIABLE } from "../config/schema.ts";
import { SETTINGS } from "../config/settings.ts";
import { reasonOf } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type AdministratorToken, findToken, PACKAGE_TOKEN_FILE } from "./administrator_token.ts";
import type { CommandOption, OptionValues } from "./command.ts";
import { findDaemonUrl, PORT_VARIABLE, URL_VARIABLE } from "./daemon_url.ts";
import { AdministrationError, EXIT_CODE } from "./errors.ts";
import { visible } from "./terminal_text.ts";

/** Host names of this machine, as `URL` normalizes them. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Time until the response headers of a short request must arrive. */
const RESPONSE_TIMEOUT_MS = 30_000;

/** The options of commands that call the daemon, in a program with this state directory. */
export function connectionOptions(stateRoot: string): readonly CommandOption[] {
  return [
    {
      name: "url",
      valueName: "URL",
      description: `The daemon's URL (default: ${URL_VARIABLE}, else http://localhost and the ` +
        `port in ${PORT_VARIABLE}, else in ${DEFAULT_CONFIG_PATH}, else ` +
        `${SETTINGS.port.defaultValue})`,
    },
    {
      name: "token-file",
      valueName: "FILE",
      description: `File with your token, alone or as ${TOKEN_VARIABLE.name}=TOKEN (default: ` +
        `${TOKEN_VARIABLE.name} in the environment, else the first readable one of ` +
        `~/.config/pkgstash/token, ${PACKAGE_TOKEN_FILE}, ${madeTokenFile(stateRoot)})`,
    },
  ];
}

/** The options of every command that calls the daemon. */
export const CONNECTION_OPTIONS: readonly CommandOption[] = connectionOptions(DEFAULT_STATE_ROOT);

/** An endpoint with a certain kind of response. */
type EndpointWith<Answer extends z.ZodType | Lines | Empty> = Endpoint<
  string,
  QueryShape,
  RequestBody,
  Readonly<Record<number, Answer>>
>;

/** A line of a streamed response. */
export interface Line<Event> {
  /** As received. */
  readonly text: string;
  /** Null if its kind is known only to newer versions. */
  readonly event: Event | null;
}

/**
 * A client of the daemon's API. Its methods throw AdministrationError with a message that says what
 * to do.
 */
export class ApiClient {
  readonly #url: string;
  readonly #findToken: () => Promise<AdministratorToken>;
  #token: AdministratorToken | null = null;

  /** `findToken` is called when a request first needs a token. */
  constructor(url: string, findToken: () => Promise<AdministratorToken>) {
    this.#url = url;
    this.#findToken = findToken;
  }

  /** The daemon's base URL, without a trailing slash. */
  get url(): string {
    return this.#url.replace(/\/$/, "");
  }

  /** The client for the options of a command and the environment. */
  static of(options: OptionValues): ApiClient {
    const url = findDaemonUrl(options.get("url"));
    return new ApiClient(url, () => findToken(options.get("token-file")));
  }

  /** Whether requests are encrypted or stay on this machine. */
  get isConfidential(): boolean {
    const { protocol, hostname } = new URL(this.#url);
    return protocol === "https:" || LOOPBACK.test(hostname);
  }

  /** Calls an endpoint. The result may have members that only newer versions know. */
  async call<E extends EndpointWith<z.ZodType | Empty>>(
    endpoint: E,
    ...[input]: InputArguments<E>
  ): Promise<Answered<E>> {
    const response = await this.#send(endpoint, input);
    const answer = endpoint.answers[response.status];
    if (answer !== undefined && "kind" in answer) {
      await response.body?.cancel();
      return undefined as Answered<E>;
    }
    if (answer === undefined) throw await this.#unexpected(response);
    await this.#checkType(response, "application/json");
    const value = this.#parse(await this.#textOf(response));
    const faults = faultsOf(answer, value, "the response");
    if (faults.length > 0) throw this.#strange(faults.join("; "));
    // Return it unparsed: programs that read JSON output may know newer members.
    return value as Answered<E>;
  }

  /** Calls an endpoint that responds line by line. */
  async *stream<E extends EndpointWith<Lines>>(
    endpoint: E,
    ...[input]: InputArguments<E>
  ): AsyncGenerator<Line<LineValue<E>>> {
    const response = await this.#send(endpoint, input);
    const answer = endpoint.answers[response.status];
    if (answer === undefined) throw await this.#unexpected(response);
    await this.#checkType(response, "application/x-ndjson");
    for await (const text of this.#linesOf(response)) {
      const value = this.#parse(text);
      const { error } = answer.schema.safeParse(value);
      const isNewer = error !== undefined && isUnknownKind(error, value);
      if (error !== undefined && !isNewer) {
        throw this.#strange(faultsOf(answer.schema, value, "a line").join("; "));
      }
      yield { text, event: isNewer ? null : value as LineValue<E> };
    }
  }

  /**
   * Fetches a public file at a path below the server's root, without sending the token. Null if
   * there is none.
   */
  async file(path: string): Promise<Response | null> {
    const url = `${this.#url}/${path.split("/").map(encodeURIComponent).join("/")}`;
    let response: Response;
    try {
      response = await fetch(url, { redirect: "manual" });
    } catch (error) {
      throw this.#unreachable(reasonOf(error));
    }
    if (response.ok) return response;
    if (response.status !== 404) throw await this.#failure(response);
    await response.body?.cancel();
    return null;
  }

  async #send(endpoint: Endpoint, input: object = {}): Promise<Response> {
    const values: Record<string, unknown> = { ...input };
    const token = endpoint.right === "anyone" ? null : this.#token ??= await this.#findToken();
    const content = requestContent(endpoint.body, values["body"]);
    const controller = new AbortController();
    const timer = endpoint.isLong
      ? undefined
      : setTimeout(() => controller.abort(), RESPONSE_TIMEOUT_MS);
    let response: Response;
    try {
      const target = endpointUrl(this.#url, endpoint, values);
      const request = {
        method: endpoint.method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token.token}` }),
          ...(content === null ? {} : { "content-type": content.type }),
        },
        signal: controller.signal,
      };
      // Never follow a redirect: the token is only for this server.
      const body = content?.body ?? null;
      response = body === null || typeof body === "string"
        ? await fetch(target, { ...request, body, redirect: "manual" })
        : await sendFile(target, { ...request, body });
    } catch (error) {
      throw this.#unreachable(
        controller.signal.aborted
          ? `no response within ${RESPONSE_TIMEOUT_MS / 1000} s`
          : reasonOf(error),
      );
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return response;
    throw await this.#failure(response);
  }

  async #textOf(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.#brokenOff(error);
    }
  }

  /** Yields complete lines only; one that was cut off is dropped. */
  async *#linesOf({ body }: Response): AsyncGenerator<string> {
    let rest = "";
    try {
      for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
      }
    } catch (error) {
      throw this.#brokenOff(error);
    }
  }

  async #checkType(response: Response, wanted: string): Promise<void> {
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith(wanted)) throw await this.#unexpected(response);
  }

  /** The error for a success that the endpoint does not define. */
  async #unexpected({ status, headers, body }: Response): Promise<AdministrationError> {
    await body?.cancel();
    const type = headers.get("content-type") ?? "none";
    return this.#strange(`status ${status}, Content-Type ${type}`);
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#strange(reasonOf(error), { cause: error });
    }
  }

  #brokenOff(error: unknown): AdministrationError {
    return new AdministrationError(
      EXIT_CODE.unreachable,
      `Cannot read the response of ${this.#url}: ${reasonOf(error)}. See the daemon's log.`,
      { cause: error },
    );
  }

  #unreachable(reason: string): AdministrationError {
    return new AdministrationError(
      EXIT_CODE.unreachable,
      `Cannot reach pkgstash at ${this.#url}: ${reason}.\n` +
        `  Is it running? (${
          Deno.build.standalone ? "systemctl status pkgstash" : "deno task start"
        })\n` +
        `  If it listens on another host or port, pass --url or set ${URL_VARIABLE}.`,
    );
  }

  #strange(reason: string, options?: ErrorOptions): AdministrationError {
    return new AdministrationError(
      EXIT_CODE.unsupported,
      `Cannot understand the response of ${this.#url}: ${visible(reason)}.\n` +
        `  The server is not pkgstash, or not the version of this program (${VERSION}).\n` +
        "  Upgrade the older one and restart the daemon, or check --url.",
      options,
    );
  }

  async #failure(response: Response): Promise<AdministrationError> {
    const { status, headers } = response;
    const { kind, detail } = await problemOf(response);
    if (status === 401) {
      return new AdministrationError(
        EXIT_CODE.refused,
        `Cannot use ${this.#url}: it rejects the token from ${this.#token?.source}.\n` +
          "  Check that the daemon uses the same token. It reads the token at startup and on " +
          "reload.",
      );
    }
    if (status === 403 && detail !== null) {
      return new AdministrationError(EXIT_CODE.refused, visible(detail));
    }
    if (kind === null && status >= 500) {
      return this.#unreachable(`a proxy in front of it responded with status ${status}`);
    }
    if (kind === null || kind === "unknown_route") {
      const location = headers.get("location");
      return new AdministrationError(
        EXIT_CODE.unsupported,
        `Cannot use ${this.#url}: the server does not support this request (status ` +
          `${status}${location === null ? "" : `, redirect to ${visible(location)}`}).\n` +
          `  It is not pkgstash, or an older version than this program (${VERSION}).\n` +
          "  Upgrade and restart the daemon, or check --url.",
      );
    }
    return new AdministrationError(EXIT_CODE.failure, visible(detail ?? ""));
  }
}

/** The members of problem details used here. A newer daemon may have more kinds. */
const ANY_PROBLEM = z.object({ kind: z.string(), detail: z.string() });

/** Kind and detail of a failed response; null where it is not from this API. */
async function problemOf(
  response: Response,
): Promise<{ kind: string | null; detail: string | null }> {
  const text = await response.text().catch(() => "");
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith(PROBLEM_TYPE)) {
    // Older versions explain in plain text why the API is off.
    return { kind: null, detail: type.startsWith("text/plain") ? text.trim() : null };
  }
  try {
    return ANY_PROBLEM.parse(JSON.parse(text));
  } catch {
    return { kind: null, detail: null };
  }
}

/**
 * Whether a line is invalid only because its kind is unknown: a newer version may have added it.
 */
function isUnknownKind({ issues }: z.ZodError, value: unknown): boolean {
  const [issue, ...others] = issues;
  if (issue?.code !== "invalid_union" || others.length > 0) return false;
  const name = issue.path.at(-1);
  const kind = typeof value === "object" && value !== null && name !== undefined
    ? Reflect.get(value, name)
    : undefined;
  return typeof kind === "string";
}
