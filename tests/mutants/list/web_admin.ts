import type { Mutant } from "../mutant.ts";

/** Who gets into the web admin, and what keeps others out. */
export const WEB_ADMIN: readonly Mutant[] = [
  {
    file: "server/admin/admin.ts",
    find: "if (!isRead && !isOwnPage(request)) {",
    replace: "if (false as boolean) {",
    breaks: "a page of somebody else changes something",
    killedBy: ["app/web_admin_test.ts"],
  },
  {
    file: "server/admin/origin_check.ts",
    find: 'if (site !== null) return site === "same-origin";',
    replace: 'if (site === "same-origin") return true;',
    breaks: "a page on another port of the same host changes something",
    killedBy: ["server/admin/origin_check_test.ts"],
  },
  {
    file: "server/admin/sessions.ts",
    find: "if (!timingSafeEqual(given, signatureOf(text, found.key))) return null;",
    replace: "",
    breaks: "anybody can make a cookie",
    killedBy: ["server/admin/sessions_test.ts"],
  },
  {
    file: "server/admin/sessions.ts",
    find: "if (expiresAt <= now || ",
    replace: "if (",
    breaks: "a cookie is good for ever",
    killedBy: ["server/admin/sessions_test.ts"],
  },
  {
    file: "server/admin/sessions.ts",
    find: 'createHmac("sha256", configured).update(`pkgstash web session of ${holder}`)',
    replace: 'createHmac("sha256", "").update(`pkgstash web session of ${holder}`)',
    breaks: "whoever reads the hash of a token can sign in, and no cookie dies with the token",
    killedBy: ["server/admin/sessions_test.ts"],
  },
  {
    file: "administration/tokens.ts",
    find: "if (this.#isOver(expiresAt)) return null;",
    replace: "",
    breaks: "a session outlives the token that it was begun with",
    killedBy: ["server/admin/sessions_test.ts"],
  },
  {
    file: "administration/ended_sessions.ts",
    find: "return startedAt < before || sessions.has(id);",
    replace: "return startedAt < before;",
    breaks: "a session that was ended goes on",
    killedBy: ["server/admin/sessions_test.ts"],
  },
  {
    file: "server/admin/admin.ts",
    find: "  sessions.brake.failed(address);\n  const form",
    replace: "  const form",
    breaks: "tokens can be tried without end",
    killedBy: ["app/web_admin_test.ts"],
  },
  {
    file: "server/admin/admin.ts",
    find: "  return secured(response);",
    replace: "  return response;",
    breaks: "pages have no policy",
    killedBy: ["app/web_admin_test.ts"],
  },
  {
    file: "server/api/authorization.ts",
    find: 'if (isLook || purpose === "approver" && right === "approve") return null;',
    replace: 'if (isLook || right === "approve") return null;',
    breaks: "a viewer approves builds",
    killedBy: ["server/api/authorization_test.ts"],
  },
  {
    file: "web/site.ts",
    find: "if (!visit.may(action.role)) return failed(arrival, visit, NOT_YOURS);",
    replace: "",
    breaks: "the pages run a change whose button they hide",
    killedBy: ["web/site_test.tsx"],
  },
  {
    file: "web/live_stream.ts",
    find: "if ((controller.desiredSize ?? 0) > 0) {",
    replace: "if (true as boolean) {",
    breaks: "a reader who takes nothing fills the memory",
    killedBy: ["web/live_stream_test.ts"],
  },
];
