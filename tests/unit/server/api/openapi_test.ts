import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { generateKey } from "openpgp";
import type { Endpoint } from "../../../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../../../src/api/endpoints.ts";
import { ROUTES } from "../../../../src/server/api/routes.ts";
import { FakeAur } from "../../../support/fake_aur.ts";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import type { Answer } from "../../../support/http_exchange.ts";
import { faultsOf, type JsonSchema } from "../../../support/json_schema.ts";
import { TestApp } from "../../../support/test_app.ts";
import { TOKEN } from "../../../support/administration.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";

interface Operation {
  security?: unknown[];
  parameters?: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

const { privateKey, publicKey } = await generateKey({
  userIDs: [{ name: "A packager" }],
  format: "object",
});
/** The name of a job that nobody has. */
const JOB = "0".repeat(32);
const FINGERPRINT = publicKey.getFingerprint().toUpperCase();

const aur = new FakeAur();
for (const name of ["yay", "paru"]) aur.put(name, { files: packageFiles(name, "1") });
const FOLDER = Object.entries(packageFiles("mine", "1")).map(([path, text]) => ({
  path,
  mode: "100644",
  base64: new TextEncoder().encode(text).toBase64(),
}));

/** Requests for each operation of the document, with the expected status. */
function settingsBody(changes: Record<string, unknown>) {
  const settings = {
    ...{ network: true, check: true, ccache: false, sccache: false, makepkg_conf: "" },
    ...{ environment: {}, packages: [], timeout_ms: null, memory_bytes: null, disk_bytes: null },
    reproduce: null,
    patches: [],
    ...changes,
  };
  return { settings, reason: "it fetches crates" };
}

const CALLS: Record<string, { target: string; status: number; body?: unknown }[]> = {
  "GET /api/v1/status": [
    { target: "/api/v1/status", status: 200 },
    { target: "/api/v1/status?verbose=true", status: 400 },
  ],
  "POST /api/v1/refresh": [{ target: "/api/v1/refresh", status: 200 }],
  "POST /api/v1/cleanup": [
    { target: "/api/v1/cleanup?dry_run=true", status: 200 },
    { target: "/api/v1/cleanup?dry_run=perhaps", status: 400 },
    { target: "/api/v1/cleanup?dry_run=true&dry_run=false", status: 400 },
    { target: "/api/v1/cleanup?plan=0123", status: 409 },
  ],
  "GET /api/v1/cleanup/runs": [
    { target: "/api/v1/cleanup/runs", status: 200 },
    { target: "/api/v1/cleanup/runs?limit=0", status: 400 },
  ],
  "GET /api/v1/cleanup/removals": [
    { target: "/api/v1/cleanup/removals?q=a&run=1", status: 200 },
    { target: "/api/v1/cleanup/removals?run=x", status: 400 },
  ],
  "GET /api/v1/cleanup/limits": [{ target: "/api/v1/cleanup/limits", status: 200 }],
  "POST /api/v1/verify": [
    { target: "/api/v1/verify", status: 200 },
    { target: "/api/v1/verify?repair=perhaps", status: 400 },
  ],
  "GET /api/v1/packages": [
    { target: "/api/v1/packages", status: 200 },
    { target: "/api/v1/packages?name=a*&repository=core", status: 200 },
    { target: "/api/v1/packages?q=nothing-of-this-name&limit=5", status: 200 },
  ],
  "GET /api/v1/packages/{directory}/{file}": [
    { target: "/api/v1/packages/core/os/x86_64/a-1-1-any.pkg.tar.zst", status: 200 },
    { target: "/api/v1/packages/core%2Fos%2Fx86_64/a-1-1-any.pkg.tar.zst", status: 200 },
    { target: "/api/v1/packages/core/os/x86_64/c-1-1-any.pkg.tar.zst", status: 404 },
  ],
  "DELETE /api/v1/packages/{directory}/{file}": [
    { target: "/api/v1/packages/core/os/x86_64/b-1-1-any.pkg.tar.zst", status: 200 },
    { target: "/api/v1/packages/core/os/x86_64/b-1-1-any.pkg.tar.zst", status: 404 },
  ],
  "GET /api/v1/extra-files": [
    { target: "/api/v1/extra-files", status: 200 },
    { target: "/api/v1/extra-files?x=1", status: 400 },
  ],
  "GET /api/v1/pins": [{ target: "/api/v1/pins", status: 200 }],
  "PUT /api/v1/pins/{pattern}": [
    { target: "/api/v1/pins/a*", status: 201 },
    { target: "/api/v1/pins/a%2A", status: 200 },
    { target: "/api/v1/pins/a%2Fb", status: 400 },
  ],
  "DELETE /api/v1/pins/{pattern}": [
    { target: "/api/v1/pins/a*", status: 204 },
    { target: "/api/v1/pins/a*", status: 404 },
    { target: "/api/v1/pins/fixed", status: 409 },
    { target: "/api/v1/pins/%20", status: 400 },
  ],
  "GET /api/v1/mirrors": [{ target: "/api/v1/mirrors", status: 200 }],
  "POST /api/v1/mirrors/test": [{ target: "/api/v1/mirrors/test", status: 200 }],
  "GET /api/v1/history": [
    { target: "/api/v1/history", status: 200 },
    { target: "/api/v1/history?range=month&client=192.0.2.1", status: 200 },
    { target: "/api/v1/history?range=week", status: 400 },
  ],
  "GET /api/v1/clients": [
    { target: "/api/v1/clients?q=pacman&sort=bytes_served", status: 200 },
    { target: "/api/v1/clients?sort=size", status: 400 },
  ],
  "PUT /api/v1/clients/{address}/name": [
    { target: "/api/v1/clients/192.0.2.1/name", status: 200, body: { name: "desk" } },
    { target: "/api/v1/clients/192.0.2.2/name", status: 409, body: { name: "desk" } },
    { target: "/api/v1/clients/desk/name", status: 400, body: { name: "desk" } },
  ],
  "GET /api/v1/clients/{address}": [{ target: "/api/v1/clients/192.0.2.1", status: 404 }],
  "DELETE /api/v1/clients/{address}/name": [
    { target: "/api/v1/clients/192.0.2.1/name", status: 204 },
    { target: "/api/v1/clients/192.0.2.1/name", status: 404 },
  ],
  "GET /api/v1/downloads/finished": [{ target: "/api/v1/downloads/finished", status: 200 }],
  "GET /api/v1/downloads": [{ target: "/api/v1/downloads", status: 200 }],
  "GET /api/v1/repositories": [
    { target: "/api/v1/repositories", status: 200 },
    { target: "/api/v1/repositories?limit=1&after=a", status: 200 },
    { target: "/api/v1/repositories?limit=none", status: 400 },
  ],
  "POST /api/v1/repositories": [
    { target: "/api/v1/repositories", status: 201, body: { name: "mine" } },
    { target: "/api/v1/repositories", status: 409, body: { name: "mine" } },
    { target: "/api/v1/repositories", status: 400, body: { name: "../mine" } },
    { target: "/api/v1/repositories", status: 400, body: { name: "other", signing: "perhaps" } },
  ],
  "GET /api/v1/repositories/{repository}": [
    { target: "/api/v1/repositories/mine", status: 200 },
    { target: "/api/v1/repositories/mine?name=a*", status: 200 },
    { target: "/api/v1/repositories/mine?limit=0", status: 400 },
    { target: "/api/v1/repositories/other", status: 404 },
  ],
  "POST /api/v1/repositories/{repository}/uploads": [
    { target: "/api/v1/repositories/mine/uploads", status: 201 },
    { target: "/api/v1/repositories/other/uploads", status: 404 },
  ],
  "PUT /api/v1/repositories/{repository}/uploads/{upload}/{file}": [
    { target: "/api/v1/repositories/mine/uploads/none/a-1-1-any.pkg.tar.zst", status: 404 },
  ],
  "POST /api/v1/repositories/{repository}/uploads/{upload}/publish": [
    { target: "/api/v1/repositories/mine/uploads/none/publish", status: 404, body: {} },
    {
      target: "/api/v1/repositories/mine/uploads/none/publish",
      status: 400,
      body: { replace: "yes" },
    },
  ],
  "DELETE /api/v1/repositories/{repository}/uploads/{upload}": [
    { target: "/api/v1/repositories/mine/uploads/none", status: 404 },
  ],
  "POST /api/v1/repositories/{repository}/promote": [
    {
      target: "/api/v1/repositories/mine/promote",
      status: 404,
      body: { packages: ["a"], to: "other" },
    },
    { target: "/api/v1/repositories/mine/promote", status: 400, body: { packages: ["a"] } },
  ],
  "POST /api/v1/repositories/{repository}/remove": [
    { target: "/api/v1/repositories/mine/remove", status: 404, body: { packages: ["a"] } },
    { target: "/api/v1/repositories/mine/remove", status: 400, body: { packages: [] } },
  ],
  "POST /api/v1/repositories/{repository}/verify": [
    { target: "/api/v1/repositories/mine/verify", status: 200 },
    { target: "/api/v1/repositories/other/verify", status: 404 },
  ],
  "POST /api/v1/repositories/{repository}/keyring": [
    { target: "/api/v1/repositories/mine/keyring", status: 200 },
    { target: "/api/v1/repositories/none/keyring", status: 404 },
  ],
  "GET /api/v1/repositories/{repository}/history": [
    { target: "/api/v1/repositories/mine/history", status: 200 },
    { target: "/api/v1/repositories/mine/history?limit=1&before=3", status: 200 },
    { target: "/api/v1/repositories/mine/history?before=0", status: 400 },
    { target: "/api/v1/repositories/other/history", status: 404 },
  ],
  "POST /api/v1/repositories/{repository}/rollback": [
    { target: "/api/v1/repositories/mine/rollback", status: 200, body: { generation: 1 } },
    { target: "/api/v1/repositories/mine/rollback", status: 404, body: { generation: 7 } },
    { target: "/api/v1/repositories/mine/rollback", status: 400, body: { generation: 0 } },
  ],
  "POST /api/v1/repositories/{repository}/rebuild": [
    { target: "/api/v1/repositories/mine/rebuild", status: 200, body: {} },
    { target: "/api/v1/repositories/other/rebuild", status: 404, body: {} },
  ],
  "GET /api/v1/builds": [
    { target: "/api/v1/builds?state=held&package=foo&limit=5&before=9", status: 200 },
    { target: "/api/v1/builds?state=lost", status: 400 },
  ],
  "POST /api/v1/builds": [
    { target: "/api/v1/builds", status: 404, body: { package: "foo", reason: "" } },
    { target: "/api/v1/builds", status: 400, body: { package: "../foo" } },
  ],
  "GET /api/v1/builds/{build}": [{ target: "/api/v1/builds/foo", status: 404 }],
  "GET /api/v1/builds/{build}/log": [
    { target: "/api/v1/builds/7/log", status: 404 },
    { target: "/api/v1/builds/7/log?follow=perhaps", status: 400 },
  ],
  "GET /api/v1/builds/{build}/log/lines": [
    { target: "/api/v1/builds/7/log/lines", status: 404 },
    { target: "/api/v1/builds/7/log/lines?from=-1", status: 400 },
  ],
  "GET /api/v1/builds/{build}/log/search": [
    { target: "/api/v1/builds/7/log/search?q=x", status: 404 },
    { target: "/api/v1/builds/7/log/search?q=", status: 400 },
  ],
  "POST /api/v1/builds/{build}/cancel": [
    { target: "/api/v1/builds/7/cancel", status: 404, body: {} },
  ],
  "POST /api/v1/builds/{build}/retry": [
    { target: "/api/v1/builds/7/retry", status: 404, body: {} },
  ],
  "POST /api/v1/builds/{build}/approve": [
    { target: "/api/v1/builds/7/approve", status: 404, body: { reason: "fine" } },
  ],
  "POST /api/v1/builds/{build}/refuse": [
    { target: "/api/v1/builds/7/refuse", status: 404, body: {} },
  ],
  "POST /api/v1/builder/lease": [
    {
      target: "/api/v1/builder/lease",
      status: 204,
      body: { architectures: ["x86_64"], version: "1" },
    },
    { target: "/api/v1/builder/lease", status: 400, body: { architectures: [], version: "1" } },
  ],
  "POST /api/v1/builder/looks": [
    { target: "/api/v1/builder/looks", status: 204, body: { wait_ms: 0 } },
    { target: "/api/v1/builder/looks", status: 400, body: { wait_ms: -1 } },
  ],
  "POST /api/v1/builder/looks/{look}": [
    {
      target: `/api/v1/builder/looks/${JOB}`,
      status: 404,
      body: { outcome: "failed", reason: "gone" },
    },
    { target: `/api/v1/builder/looks/${JOB}`, status: 400, body: { outcome: "unsure" } },
  ],
  "PUT /api/v1/builder/looks/{look}/tree": [
    { target: `/api/v1/builder/looks/${JOB}/tree?commit=${"1".repeat(40)}`, status: 404 },
    { target: `/api/v1/builder/looks/${JOB}/tree?commit=1`, status: 400 },
  ],
  "POST /api/v1/aur/repositories": [
    { target: "/api/v1/aur/repositories", status: 400, body: { url: "file:///etc" } },
  ],
  "GET /api/v1/builders": [{ target: "/api/v1/builders", status: 200 }],
  "GET /api/v1/builder/jobs/{job}/tree": [
    { target: `/api/v1/builder/jobs/${JOB}/tree`, status: 404 },
    { target: "/api/v1/builder/jobs/..%2F1/tree", status: 400 },
  ],
  "POST /api/v1/builder/jobs/{job}/heartbeat": [
    { target: `/api/v1/builder/jobs/${JOB}/heartbeat`, status: 404, body: { step: "building" } },
    { target: `/api/v1/builder/jobs/${JOB}/heartbeat`, status: 400, body: { step: "sleeping" } },
  ],
  "POST /api/v1/builder/jobs/{job}/log": [
    { target: `/api/v1/builder/jobs/${JOB}/log?offset=0`, status: 404 },
    { target: `/api/v1/builder/jobs/${JOB}/log?offset=-1`, status: 400 },
  ],
  "POST /api/v1/builder/jobs/{job}/metadata": [
    { target: `/api/v1/builder/jobs/${JOB}/metadata`, status: 404, body: { srcinfo: "" } },
  ],
  "PUT /api/v1/builder/jobs/{job}/packages/{file}": [
    {
      target: `/api/v1/builder/jobs/${JOB}/packages/a-1-1-any.pkg.tar?sha256=${"0".repeat(64)}`,
      status: 404,
    },
    { target: `/api/v1/builder/jobs/${JOB}/packages/a-1-1-any.pkg.tar?sha256=0`, status: 400 },
  ],
  "POST /api/v1/builder/jobs/{job}/result": [
    {
      target: `/api/v1/builder/jobs/${JOB}/result`,
      status: 404,
      body: { outcome: "cancelled", duration_ms: 5 },
    },
    {
      target: `/api/v1/builder/jobs/${JOB}/result`,
      status: 400,
      body: { outcome: "great", duration_ms: 5 },
    },
  ],
  "GET /api/v1/configuration": [{ target: "/api/v1/configuration", status: 200 }],
  "GET /api/v1/log-level": [{ target: "/api/v1/log-level", status: 200 }],
  "PUT /api/v1/log-level": [
    { target: "/api/v1/log-level", status: 200, body: { level: "info" } },
    { target: "/api/v1/log-level", status: 400, body: { level: "loud" } },
    { target: "/api/v1/log-level", status: 400, body: { level: "info", until: "later" } },
  ],
  "GET /api/v1/aur/packages": [{ target: "/api/v1/aur/packages", status: 200 }],
  "POST /api/v1/aur/packages": [
    { target: "/api/v1/aur/packages", status: 200, body: { names: ["yay"], dry_run: true } },
    { target: "/api/v1/aur/packages", status: 200, body: { names: ["yay", "paru"] } },
    { target: "/api/v1/aur/packages", status: 404, body: { names: ["none"] } },
    { target: "/api/v1/aur/packages", status: 400, body: { names: ["../x"] } },
  ],
  "POST /api/v1/aur/folders": [
    { target: "/api/v1/aur/folders", status: 200, body: { files: FOLDER } },
    { target: "/api/v1/aur/folders", status: 400, body: { files: FOLDER.slice(1) } },
    {
      target: "/api/v1/aur/folders",
      status: 400,
      body: { files: [{ path: "../x", mode: "100644", base64: "eA==" }] },
    },
  ],
  "POST /api/v1/aur/check": [{ target: "/api/v1/aur/check", status: 200 }],
  "GET /api/v1/aur/packages/{name}": [
    { target: "/api/v1/aur/packages/yay", status: 200 },
    { target: "/api/v1/aur/packages/none", status: 404 },
  ],
  "PUT /api/v1/aur/packages/{name}/hold": [
    { target: "/api/v1/aur/packages/yay/hold", status: 204, body: { reason: "a test" } },
    { target: "/api/v1/aur/packages/yay/hold", status: 400, body: { reason: " " } },
    { target: "/api/v1/aur/packages/none/hold", status: 404, body: { reason: "a test" } },
  ],
  "DELETE /api/v1/aur/packages/{name}/hold": [
    { target: "/api/v1/aur/packages/yay/hold", status: 204 },
  ],
  "PUT /api/v1/aur/packages/{name}/cool-down": [
    { target: "/api/v1/aur/packages/yay/cool-down", status: 204, body: { ms: 0, reason: "mine" } },
    { target: "/api/v1/aur/packages/yay/cool-down", status: 400, body: { ms: -1, reason: "mine" } },
  ],
  "GET /api/v1/aur/packages/{name}/settings": [
    { target: "/api/v1/aur/packages/yay/settings", status: 200 },
    { target: "/api/v1/aur/packages/none/settings", status: 404 },
  ],
  "PUT /api/v1/aur/packages/{name}/settings": [
    { target: "/api/v1/aur/packages/yay/settings", status: 200, body: settingsBody({}) },
    {
      target: "/api/v1/aur/packages/yay/settings",
      status: 400,
      body: settingsBody({ environment: { LD_PRELOAD: "/x" } }),
    },
    { target: "/api/v1/aur/packages/none/settings", status: 404, body: settingsBody({}) },
  ],
  "DELETE /api/v1/aur/packages/{name}": [
    { target: "/api/v1/aur/packages/paru", status: 204 },
    { target: "/api/v1/aur/packages/paru", status: 404 },
  ],
  "GET /api/v1/approvals": [{ target: "/api/v1/approvals", status: 200 }],
  "GET /api/v1/approvals/{id}": [
    { target: `/api/v1/approvals/${"0".repeat(16)}`, status: 404 },
    { target: "/api/v1/approvals/yay", status: 400 },
  ],
  "GET /api/v1/approvals/{id}/files": [
    { target: `/api/v1/approvals/${"0".repeat(16)}/files`, status: 404 },
    { target: "/api/v1/approvals/yay/files", status: 400 },
  ],
  "POST /api/v1/approvals/{id}/approve": [
    { target: `/api/v1/approvals/${"0".repeat(16)}/approve`, status: 404, body: {} },
  ],
  "POST /api/v1/approvals/{id}/reject": [
    { target: `/api/v1/approvals/${"0".repeat(16)}/reject`, status: 404, body: { reason: "x" } },
    { target: `/api/v1/approvals/${"0".repeat(16)}/reject`, status: 400, body: {} },
  ],
  "GET /api/v1/client-config": [{ target: "/api/v1/client-config", status: 200 }],
  "GET /api/v1/keys": [{ target: "/api/v1/keys", status: 200 }],
  "GET /api/v1/keys/public": [{ target: "/api/v1/keys/public", status: 200 }],
  "POST /api/v1/keys/rotate": [
    { target: "/api/v1/keys/rotate", status: 201, body: { overlap_ms: 1000 } },
    { target: "/api/v1/keys/rotate", status: 400, body: { overlap_ms: 1e15 } },
  ],
  "POST /api/v1/keys/import": [
    {
      target: "/api/v1/keys/import",
      status: 201,
      body: { armored: privateKey.armor(), passphrase: null, overlap_ms: 0 },
    },
    {
      target: "/api/v1/keys/import",
      status: 409,
      body: { armored: privateKey.armor(), passphrase: null, overlap_ms: 0 },
    },
    {
      target: "/api/v1/keys/import",
      status: 400,
      body: { armored: publicKey.armor(), passphrase: null, overlap_ms: 0 },
    },
  ],
  "GET /api/v1/repositories/{repository}/waiting": [
    { target: "/api/v1/repositories/mine/waiting", status: 200 },
    { target: "/api/v1/repositories/other/waiting", status: 404 },
  ],
  "DELETE /api/v1/repositories/{repository}/waiting": [
    { target: "/api/v1/repositories/mine/waiting", status: 409 },
    { target: "/api/v1/repositories/other/waiting", status: 404 },
  ],
  "PUT /api/v1/repositories/{repository}/waiting/{file}": [
    { target: "/api/v1/repositories/mine/waiting/x86_64.db", status: 400 },
    { target: "/api/v1/repositories/mine/waiting/x86_64.db.sig", status: 404 },
  ],
  "DELETE /api/v1/keys/{fingerprint}": [
    { target: `/api/v1/keys/${"0".repeat(40)}`, status: 404 },
    { target: "/api/v1/keys/..%2Fprivate", status: 400 },
  ],
  "POST /api/v1/keys/trusted": [
    { target: "/api/v1/keys/trusted", status: 201, body: { armored: publicKey.armor() } },
    { target: "/api/v1/keys/trusted", status: 400, body: { armored: privateKey.armor() } },
  ],
  "DELETE /api/v1/keys/trusted/{fingerprint}": [
    { target: `/api/v1/keys/trusted/${FINGERPRINT}`, status: 204 },
    { target: `/api/v1/keys/trusted/${FINGERPRINT}`, status: 404 },
    { target: "/api/v1/keys/trusted/..%2Fprivate", status: 400 },
  ],
  "GET /api/v1/tokens": [{ target: "/api/v1/tokens", status: 200 }],
  "POST /api/v1/tokens": [
    {
      target: "/api/v1/tokens",
      status: 201,
      body: { name: "builder", purpose: "upload", repositories: ["mine"] },
    },
    {
      target: "/api/v1/tokens",
      status: 409,
      body: { name: "builder", purpose: "administrator" },
    },
    { target: "/api/v1/tokens", status: 400, body: { name: "other", purpose: "upload" } },
    {
      target: "/api/v1/tokens",
      status: 400,
      body: { name: "other", purpose: "administrator", repositories: ["mine"] },
    },
  ],
  "DELETE /api/v1/tokens/{name}": [
    { target: "/api/v1/tokens/builder", status: 204 },
    { target: "/api/v1/tokens/builder", status: 404 },
    { target: `/api/v1/tokens/pkgstash_0123456789ab_${"a".repeat(43)}`, status: 400 },
  ],
  "GET /api/v1/sessions": [{ target: "/api/v1/sessions", status: 200 }],
  "DELETE /api/v1/sessions/{session}": [
    { target: "/api/v1/sessions/0123456789ab", status: 404 },
    { target: "/api/v1/sessions/all", status: 400 },
  ],
  "DELETE /api/v1/sessions": [{ target: "/api/v1/sessions", status: 204 }],
  "GET /api/v1/events": [
    { target: "/api/v1/events?kind=change,login&q=pin&who=administrator", status: 200 },
    { target: "/api/v1/events?since=2026-11-29T15:00:00Z&until=2026-11-29T16:00:00Z", status: 200 },
    { target: "/api/v1/events?kind=gossip", status: 400 },
    { target: "/api/v1/events?since=yesterday", status: 400 },
    { target: "/api/v1/events", status: 200 },
    { target: "/api/v1/events?limit=2&before=3", status: 200 },
    { target: "/api/v1/events?limit=0", status: 400 },
  ],
  "GET /api/v1/openapi.json": [{ target: "/api/v1/openapi.json", status: 200 }],
  "POST /api/refresh": [{ target: "/api/refresh", status: 204 }],
  "POST /api/loglevel": [
    { target: "/api/loglevel", status: 204, body: { loglevel: "debug" } },
    { target: "/api/loglevel", status: 400, body: {} },
  ],
};

/** A daemon that has a database and two packages, and a pin of its configuration. */
async function start(): Promise<TestApp> {
  const app = await TestApp.start({
    token: TOKEN,
    mirrors: 2,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () =>
      `mirrored_repos = ["core"]\npinned_packages = ["fixed"]\n[aur]\nurl = "${aur.url}"\n`,
  });
  for (const mirror of app.mirrors) {
    const core = new PublishedRepository(mirror).set("a", 1).set("b", 1);
    await core.publish();
  }
  for (const file of ["core.db", "a-1-1-any.pkg.tar.zst", "b-1-1-any.pkg.tar.zst"]) {
    await app.warm(`/core/os/x86_64/${file}`);
  }
  return app;
}

async function documentOf(app: TestApp): Promise<Document> {
  return JSON.parse((await app.get("/api/v1/openapi.json")).text);
}

function operationsOf(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ])
  );
}

/** Compares a response with what the document promises for its status. */
function checkAnswer(document: Document, operation: Operation, answer: Answer, what: string): void {
  const promised = operation.responses[answer.status];
  assert(promised !== undefined, `${what}: ${answer.status} is not in the document`);
  if (promised.content === undefined) return assertEquals(answer.text, "", what);
  const [[type, { schema }]] = Object.entries(promised.content) as [
    [string, { schema: JsonSchema }],
  ];
  assertStringIncludes(answer.headers.get("content-type") ?? "", type, what);
  if (type === "text/plain") return;
  const wanted = schema.$ref === undefined
    ? schema
    : document.components.schemas[schema.$ref.split("/").at(-1)!]!;
  const lines = type === "application/x-ndjson" ? answer.text.trimEnd().split("\n") : [answer.text];
  for (const line of lines) assertEquals(faultsOf(JSON.parse(line), wanted), [], `${what} ${line}`);
}

Deno.test("the document has every endpoint and nothing else, each with the parameters of its path", async () => {
  await using app = await start();
  const document = await documentOf(app);
  assertEquals(document.openapi, "3.1.0");
  const operations = operationsOf(document);
  const nameOf = ({ method, path }: Endpoint) => `${method} ${path.replaceAll("{+", "{")}`;
  assertEquals(operations.map(([name]) => name).sort(), ENDPOINTS.map(nameOf).sort());
  assertEquals(ROUTES.map(({ endpoint }) => nameOf(endpoint)), ENDPOINTS.map(nameOf));
  assertEquals(Object.keys(CALLS).sort(), operations.map(([name]) => name).sort());
  for (const [name, { parameters = [] }] of operations) {
    const inPath = parameters.filter((each) => each.in === "path").map((each) => `{${each.name}}`);
    assertEquals(inPath, name.match(/\{\w+\}/g) ?? [], name);
    for (const each of parameters) assertEquals(each.required, each.in === "path");
  }
  const ids = operations.map(([, operation]) =>
    (operation as unknown as { operationId: string }).operationId
  );
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("every operation answers as the document says", async (t) => {
  await using app = await start();
  const document = await documentOf(app);
  for (const [name, operation] of operationsOf(document)) {
    const method = name.split(" ")[0]!;
    for (const { target, status, body } of CALLS[name]!) {
      const what = `${method} ${target} ${status}`;
      await t.step(what, async () => {
        const json = body === undefined ? {} : { body: JSON.stringify(body) };
        const content = operation.requestBody?.content["application/json"];
        if (status < 300) {
          assertEquals(content === undefined ? [] : faultsOf(body, content.schema), [], what);
        }
        const answer = await app.request(method, target, {
          headers: { authorization: `Bearer ${TOKEN}` },
          ...json,
        });
        assertEquals(answer.status, status, answer.text);
        checkAnswer(document, operation, answer, what);
        assertEquals(answer.headers.get("cache-control"), "no-store");
      });
    }
  }
});

Deno.test("a request without the right token is refused as the document says", async (t) => {
  await using app = await start();
  await using open = await TestApp.start();
  const document = await documentOf(app);
  for (const [name, operation] of operationsOf(document)) {
    const method = name.split(" ")[0]!;
    const { target } = CALLS[name]![0]!;
    for (const [server, status] of [[app, 401], [open, 403]] as const) {
      await t.step(`${name} ${status}`, async () => {
        const answer = await server.request(method, target);
        const expected = operation.security?.length === 0 ? 200 : status;
        assertEquals(answer.status, expected, name);
        checkAnswer(document, operation, answer, name);
      });
    }
  }
});

Deno.test("an unknown path or a wrong method is a problem, which names the methods", async (t) => {
  await using app = await start();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const problem = (await documentOf(app)).components.schemas["Problem"]!;
  for (
    const path of ["", "nothing", "status/", "status/x", "pins/", "packages/a", "%", "pins/%ff"]
  ) {
    await t.step(`GET ${path}`, async () => {
      const answer = await app.request("GET", `/api/v1/${path}`, { headers });
      assertEquals([answer.status, JSON.parse(answer.text).kind], [404, "unknown_route"], path);
      assertEquals(faultsOf(JSON.parse(answer.text), problem), []);
    });
  }
  for (
    const [method, path, allow] of [
      ["POST", "status", "GET, HEAD"],
      ["GET", "refresh", "POST"],
      ["POST", "packages/a/b", "GET, HEAD, DELETE"],
      ["GET", "pins/a", "PUT, DELETE"],
    ] as const
  ) {
    await t.step(`${method} ${path}`, async () => {
      const answer = await app.request(method, `/api/v1/${path}`, { headers });
      assertEquals([answer.status, answer.headers.get("allow")], [405, allow], path);
      assertEquals(faultsOf(JSON.parse(answer.text), problem), []);
    });
  }
  const head = await app.request("HEAD", "/api/v1/status", { headers });
  assertEquals([head.status, head.text], [200, ""]);
});
