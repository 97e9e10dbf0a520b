import {
  ADMINISTRATOR,
  type ExpiredToken,
  type Principal,
  type TokenPurpose,
} from "../../administration/principal.ts";
import type { Endpoint } from "../../api/endpoint.ts";
import { isSameToken, parseBearerToken } from "../../formats/http/bearer_token.ts";
import type { Context } from "../context.ts";
import type { Failure } from "./failure.ts";

/** The well-known token from the example of the Go version. */
const WELL_KNOWN_TOKEN = "changeme";

/** Who is calling, or why the call is refused. */
export type Caller = { readonly principal: Principal | null } | { readonly refusal: Failure };

/**
 * Identifies the caller of an endpoint. Strangers do not learn whether it exists, so it may be
 * undefined.
 */
export async function authorize(
  request: Request,
  { endpoint, path, context }: {
    endpoint: Endpoint | undefined;
    path: Readonly<Record<string, string>>;
    context: Pick<Context, "config" | "administration" | "publishing">;
  },
): Promise<Caller> {
  if (endpoint?.right === "anyone") return { principal: null };
  const found = await principalOf(request, context);
  if ("detail" in found) return { refusal: found };
  const refusal = endpoint === undefined ? null : refusalFor(found, endpoint, path, context);
  return refusal === null ? { principal: found } : { refusal };
}

/** Why a known caller may not call an endpoint; null if they may. */
export function refusalFor(
  principal: Principal,
  endpoint: Endpoint,
  path: Readonly<Record<string, string>>,
  context: Pick<Context, "publishing">,
): Failure | null {
  const uploadTokens = uploadTokensOf(path["repository"], context);
  return refusalOf(principal, endpoint, path, { uploadTokens });
}

/** Whose token a request carries, or why it is refused. */
async function principalOf(
  request: Request,
  { config: { token }, administration }: Pick<Context, "config" | "administration">,
): Promise<Principal | Failure> {
  const given = parseBearerToken(request.headers.get("authorization"));
  if (given !== null && isUsable(token) && isSameToken(given, token)) return ADMINISTRATOR;
  const found = given === null ? null : await administration.tokens.find(given);
  if (found === null) return strangerRefusal(token);
  return "expiredAt" in found ? expiredRefusal(found) : found;
}

/** Whether the configured token is set and not the example value. */
export function isUsable(token: string | null): token is string {
  return token !== null && token !== WELL_KNOWN_TOKEN;
}

function expiredRefusal({ name, expiredAt }: ExpiredToken): Failure {
  return {
    kind: "unauthorized",
    detail: `Cannot use the API: the token ${name} expired on ${timeText(expiredAt)}. Ask the ` +
      "administrator for a new one (pkgstash token revoke, pkgstash token create).",
  };
}

/** `2026-11-28 19:00 UTC` */
function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Why somebody without a token may not call an endpoint with restricted access. */
export function strangerRefusal(token: string | null): Failure {
  const off = "Cannot use the administrative API:";
  if (token === null) {
    return {
      kind: "forbidden",
      detail: `${off} no token is set. Set PKGSTASH_TOKEN in the file that env_file names, or in ` +
        "the environment.",
    };
  }
  if (token === WELL_KNOWN_TOKEN) {
    return {
      kind: "forbidden",
      detail: `${off} the token "${token}" is a placeholder. Set PKGSTASH_TOKEN to a secret of ` +
        "your own.",
    };
  }
  return {
    kind: "unauthorized",
    detail: "Cannot use the API: the token is missing or wrong. Send Authorization: Bearer TOKEN.",
  };
}

/** The tokens that may publish in a repository; empty if every token created for it may. */
function uploadTokensOf(
  name: string | undefined,
  { publishing }: Pick<Context, "publishing">,
): readonly string[] {
  const own = publishing.repositories.find(({ settings }) => settings.name === name);
  return own?.settings.uploadTokens ?? [];
}

/**
 * Why a token does not permit a call; null if it does. `uploadTokens` are the names that the
 * repository is limited to, if any.
 */
export function refusalOf(
  { name, purpose, repositories }: Principal,
  { right, method, summary }: Pick<Endpoint, "right" | "method" | "summary">,
  path: Readonly<Record<string, string>>,
  { uploadTokens = [] }: { uploadTokens?: readonly string[] } = {},
): Failure | null {
  if (purpose === "administrator") return null;
  if (purpose === "viewer" || purpose === "approver") {
    // What uploaders may read of one repository, viewers may read of all.
    const isLook = right === "view" || right === "upload" && method === "GET";
    if (isLook || purpose === "approver" && right === "approve") return null;
  }
  const repository = path["repository"];
  if (
    purpose === "upload" && right === "upload" && repository !== undefined &&
    repositories.includes(repository)
  ) {
    if (uploadTokens.length === 0 || uploadTokens.includes(name)) return null;
    return {
      kind: "forbidden",
      detail: `Cannot use ${repository}: its upload_tokens do not list the token ${name}. Add ` +
        "it there, or use another token.",
    };
  }
  if (right === "builder" && purpose === "builder") return null;
  const action = summary.charAt(0).toLowerCase() + summary.slice(1);
  return {
    kind: "forbidden",
    detail: `Cannot ${action}: the token ${name} is for ${USES[purpose](repositories)} only. ` +
      `Use ${right === "builder" ? "a builder's" : "the administrator's"} token.`,
  };
}

const USES: Readonly<
  Record<Exclude<TokenPurpose, "administrator">, (repositories: readonly string[]) => string>
> = {
  upload: (repositories) => `uploads to ${repositories.join(", ")}`,
  builder: () => "building",
  viewer: () => "looking",
  approver: () => "reading and approving",
};
