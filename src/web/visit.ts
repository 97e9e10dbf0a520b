import type { Endpoint } from "../api/endpoint.ts";
import type { Call } from "./call.ts";
import { includesRole, type Role } from "./role.ts";

/** A signed-in visitor. */
export interface Visitor {
  /** Their name in the audit log. */
  readonly name: string;
  readonly role: Role;
  readonly call: Call;
  /** The session of this browser; null for users of a reverse proxy, who cannot sign out here. */
  readonly sessionId: string | null;
  /** Messages for the next page, each shown once. */
  readonly flashes: Flash[];
  /** Whether the visitor still has the rights with which the stream began. */
  isStillWelcome(): Promise<boolean>;
}

/** The outcome of a change, shown on the next page. */
export interface Flash {
  readonly tone: "good" | "bad";
  readonly text: string;
}

/** A request, as pages see it. */
export class Visit {
  readonly visitor: Visitor;
  /** Its query holds the search, sort order and filters. */
  readonly url: URL;
  /** The parameters in the page's path. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Calls the API with the visitor's rights. A GET without input is called only once until the next
   * change, so that parts of a page can share the result.
   */
  readonly call: Call;
  /** The time of the request, in milliseconds since the epoch. Relative times count from it. */
  readonly now: number = Date.now();

  /** Whether this only updates the live regions of an open page. */
  readonly isUpdate: boolean;

  constructor(
    visitor: Visitor,
    url: URL,
    params: Readonly<Record<string, string>>,
    { isUpdate = false }: { isUpdate?: boolean } = {},
  ) {
    this.isUpdate = isUpdate;
    this.visitor = visitor;
    this.url = url;
    this.params = params;
    this.call = readingOnce(visitor.call);
  }

  /** Whether the visitor has at least this role. Pages leave out what a visitor may not do. */
  may(role: Role): boolean {
    return includesRole(this.visitor.role, role);
  }

  /** A parameter of the query, or "". */
  query(name: string): string {
    return this.url.searchParams.get(name) ?? "";
  }

  /** The path and query of this page, with query parameters changed; null removes one. */
  here(changes: Readonly<Record<string, string | number | null>> = {}): string {
    const query = new URLSearchParams(this.url.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) query.delete(name);
      else query.set(name, String(value));
    }
    const text = query.toString();
    return text === "" ? this.url.pathname : `${this.url.pathname}?${text}`;
  }
}

function readingOnce(call: Call): Call {
  const known = new Map<Endpoint, Promise<unknown>>();
  const callOnce = (endpoint: Endpoint, ...input: [] | [never]) => {
    if (endpoint.isChange) return call(endpoint, ...input).finally(() => known.clear());
    if (endpoint.method !== "GET" || input.length > 0 || isStreamed(endpoint)) {
      return call(endpoint, ...input);
    }
    const answer = known.get(endpoint) ?? call(endpoint);
    known.set(endpoint, answer);
    return answer;
  };
  return callOnce as Call;
}

/** Whether the response is a stream or empty, which cannot be shared. */
function isStreamed({ answers }: Endpoint): boolean {
  return Object.values(answers).some((answer) => "kind" in answer);
}
