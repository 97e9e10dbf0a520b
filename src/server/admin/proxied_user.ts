import { ADMINISTRATOR, ANYONE, type Principal } from "../../administration/principal.ts";
import type { Config } from "../../config/config.ts";
import { DAEMON } from "../../version.ts";

/** Far more than any name of a person. */
const MAX_LENGTH = 128;

/** Names with a meaning of their own in the audit log, which no user may have. */
const RESERVED: readonly string[] = [ADMINISTRATOR.name, ANYONE, DAEMON];

/** A user whom a reverse proxy has signed in, or the reason for refusing them. */
export type ProxiedUser = Principal | { readonly refusal: string };

/**
 * Whom a trusted proxy names as the sender of a request; null if it names nobody, or is not asked.
 * Only headers of a proxy's own connection may be given: everybody else can write the header.
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
      refusal: `The reverse proxy names no user that can be one, in ${webUserHeader}. It must ` +
        "replace what the browser sent under this name, and send one name of at most " +
        `${MAX_LENGTH} characters without a comma.`,
    };
  }
  if (RESERVED.includes(name.toLowerCase())) {
    return { refusal: `Nobody can be named ${name}: the audit log means something else by it.` };
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
 * The name in a header's value; null for none. Values of two headers come joined by a comma, and one
 * of them may be the client's. Bytes come as Latin-1, while proxies write UTF-8.
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
