import type { Mutant } from "../mutant.ts";

/** Who gets into the web admin, and what keeps others out. */
export const WEB_ADMIN: readonly Mutant[] = [
  {
    file: "server/admin/admin.ts",
    find: "if (!isRead && !isOwnPage(request, origin)) {",
    replace: "if (false as boolean) {",
    breaks: "a page of somebody else changes something",
    killedBy: [
      "app/web_admin_test.ts: a change from another page is refused, whoever is signed in",
    ],
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
    killedBy: [
      "app/web_admin_test.ts: after five wrong tokens even the right one must wait, even if all arrive at once",
    ],
  },
  {
    file: "server/admin/admin.ts",
    find: "  return secured(response);",
    replace: "  return response;",
    breaks: "pages have no policy",
    killedBy: ["app/web_admin_test.ts: every response has the security headers"],
  },
  {
    file: "server/own_origin.ts",
    find: ' === "https" && access.isProxy(peer)',
    replace: ' === "https"',
    breaks: "anybody says that this server was reached by TLS",
    killedBy: ["server/own_origin_test.ts: only a trusted proxy's claim of TLS is believed"],
  },
  {
    file: "server/own_origin.ts",
    find: '(protocol === "http:" || from.protocol === protocol)',
    replace: "true",
    breaks: "a page without TLS changes what is behind TLS",
    killedBy: [
      "server/own_origin_test.ts: with TLS an origin without it is somebody else's; the other way round it may be a proxy's",
    ],
  },
  {
    file: "server/admin/identity.ts",
    find: "access.isProxy(peer) ? proxiedUser(request.headers, config) : null",
    replace: "proxiedUser(request.headers, config)",
    breaks: "anybody can be any user of the proxy",
    killedBy: [
      "app/proxied_users_test.ts: only a trusted proxy, on its own connection, can name the user",
    ],
  },
  {
    file: "server/admin/identity.ts",
    find: "access.isProxy(peer)",
    replace: "access.isTrusted(client.hostname)",
    breaks: "who is said to be behind the proxy is taken for the proxy",
    killedBy: [
      "app/proxied_users_test.ts: a user whom the proxy names needs no token, and their changes carry their name",
    ],
  },
  {
    file: "server/admin/proxied_user.ts",
    find: "!/[,\\p{C}",
    replace: "!/[\\p{C}",
    breaks: "a user's name is one that the client and the proxy wrote together",
    killedBy: ["server/admin/proxied_user_test.ts"],
  },
  {
    file: "server/admin/proxied_user.ts",
    find: "if (RESERVED.includes(name.toLowerCase())) {",
    replace: "if (false as boolean) {",
    breaks: "the audit log takes a user for the daemon",
    killedBy: ["server/admin/proxied_user_test.ts"],
  },
  {
    file: "server/admin/session_cookie.ts",
    find: "    name: isTls ? SECURE_NAME : NAME,",
    replace: "    name: NAME,",
    breaks: "another port of the host sets the cookie of a session under TLS",
    killedBy: [
      "app/sign_in_over_tls_test.ts: over TLS the cookie is one that no other host and no page without TLS can set",
    ],
  },
  {
    file: "web/form_files.ts",
    find: "await Promise.race([taken, over]);",
    replace: "void taken;",
    breaks: "a form with files is held in memory as a whole",
    killedBy: ["web/form_files_test.ts: a body arrives no faster than its files are read"],
  },
  {
    file: "web/pages/repository.tsx",
    find: "if (upload !== null) await call(ABANDON_UPLOAD",
    replace: "if (false as boolean) await call(ABANDON_UPLOAD",
    breaks: "files of a form that is refused stay on the disk",
    killedBy: [
      "app/upload_form_test.ts: nothing of a form is kept if one of its files is refused, and the page says why",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: 'if (isLook || purpose === "approver" && right === "approve") return null;',
    replace: 'if (isLook || right === "approve") return null;',
    breaks: "a viewer approves builds",
    killedBy: [
      "server/api/authorization_test.ts: a viewer may look and change nothing; an approver also decides what is built",
    ],
  },
  {
    file: "web/site.ts",
    find: "if (!visit.may(action.role)) return await failed(arrival, visit, NOT_YOURS);",
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
  {
    file: "mirroring/downloads/client_downloads.ts",
    find: "reader.rate < slowest.rate",
    replace: "reader.rate > slowest.rate",
    breaks: "the fastest client is called the slowest",
    killedBy: ["mirroring/downloads/client_downloads_test.ts"],
  },
  {
    file: "mirroring/pull_through/send_download.ts",
    find: "onEnd: () => reader[Symbol.dispose](),",
    replace: "",
    breaks: "a client that has left is still called slow",
    killedBy: ["server/api/downloads_test.ts"],
  },
  {
    file: "web/pages/clients/miss_notice.tsx",
    find: "hit_ratio >= FEW_HITS",
    replace: "hit_ratio > 1",
    breaks: "a client that misses nothing is told why it misses",
    killedBy: ["web/miss_reasons_test.ts"],
  },
];
