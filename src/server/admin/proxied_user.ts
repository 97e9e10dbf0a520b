import { ADMINISTRATOR, ANYONE, type Principal } from "../../administration/principal.ts";
import type { Config } from "../../config/config.ts";
import { DAEMON } from "../../version.ts";

/** In characters; far longer than any name. */
const MAX_LENGTH = 128;

/** Names with a special meaning in the audit log. */
const RESERVED: readonly string[] = [ADMINISTRATOR.name, ANYONE, DAEMON];

/** A user that a reverse proxy has signed in, or why that user is refused. */
export type ProxiedUser = Principal | { readonly refusal: string };

/**
 * The user whom a trusted proxy names as the sender of a request; null if it names nobody, or if
 * `web_user_header` is not set. Pass only headers from a trusted proxy's connection: anyone else
 * can forge the header.
 */
export function proxiedUser(
  headers: Headers,
  { webUserHeader, webUserRole, webApprovers, webAdministrators }: Pick<
    Config,
    "webUserHeader" | "webUserRole" | "webApprovers" | "webAdministrators"
  >,
): ProxiedUser | null {
  const value = webUserHeader === null ? null : headers.get(webUserHeader);
  if (value === null || value === "") return null;
  const name = nameIn(value);
  if (name === null) {
    return {
      refusal: `The reverse proxy sends no valid user name in ${webUserHeader}. It must ` +
        "overwrite this header if the browser sends it, and send one name of at most " +
        `${MAX_LENGTH} characters without a comma.`,
    };
  }
  if (RESERVED.includes(name.toLowerCase())) {
    return { refusal: `The user name ${name} is reserved for the audit log. Use another one.` };
  }
  const purpose = webAdministrators.includes(name)
    ? "administrator"
    : webApprovers.includes(name)
    ? "approver"
    : webUserRole;
  if (purpose === "none") {
    return {
      refusal: `The user ${name} may not use the web admin. Add the name to web_approvers or ` +
        "web_administrators, or set web_user_role.",
    };
  }
  return { name, purpose, repositories: [] };
}

/**
 * The name in a header's value; null if it is not valid. A comma joins the values of repeated
 * headers, one of which may be the client's. Deno decodes headers as Latin-1, but proxies write
 * UTF-8.
 */
function nameIn(value: string): string | null {
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(bytes).normalize("NFC");
  } catch {
    return null;
  }
  const isName = name.length <= MAX_LENGTH && !/[,\p{C}\p{Zl}\p{Zp}]/u.test(name) &&
    name.trim() === name;
  return isName ? name : null;
}
