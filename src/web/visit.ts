import type { Endpoint } from "../api/endpoint.ts";
import type { Call } from "./call.ts";
import { includesRole, type Role } from "./role.ts";

/** A signed-in visitor. */
export interface Visitor {
  /** As the audit log names them. */
  readonly name: string;
  readonly role: Role;
  readonly call: Call;
  /**
   * The session of this browser; null for visitors who did not sign in here, and so cannot sign
   * out.
   */
  readonly sessionId: string | null;
  /** What is shown once, on the next page. */
  readonly flashes: Flash[];
  /** Whether the visitor may still see what they could see when the stream began. */
  isStillWelcome(): Promise<boolean>;
}

/** The outcome of a change. */
export interface Flash {
  readonly tone: "good" | "bad";
  readonly text: string;
}

/** A request for a page, as the page gets it. */
export class Visit {
  readonly visitor: Visitor;
  /** With the query, which holds search, sort order and filters. */
  readonly url: URL;
  /** Those of the page's path. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Calls the API as the visitor. What takes no input is read once, however many parts of a page
   * show it, such as the list and the navigation, and again after a change.
   */
  readonly call: Call;
  /** In milliseconds since the epoch; all times of a page are relative to this one. */
  readonly now: number = Date.now();

  /** Whether the page is open already, and only its live regions are sent. */
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

  /** Whether the visitor has at least this role. Pages leave out what they may not do. */
  may(role: Role): boolean {
    return includesRole(this.visitor.role, role);
  }

  /** A parameter of the query, or "". */
  query(name: string): string {
    return this.url.searchParams.get(name) ?? "";
  }

  /** This page's path and query with changes: null removes a parameter. */
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

/** Whether an answer can be read only once. */
function isStreamed({ answers }: Endpoint): boolean {
  return Object.values(answers).some((answer) => "kind" in answer);
}
