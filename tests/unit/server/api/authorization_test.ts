import { assert, assertEquals, assertMatch } from "@std/assert";
import { endpoint } from "../../../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../../../src/api/endpoints.ts";
import { ADMINISTRATOR, type Principal } from "../../../../src/administration/principal.ts";
import { authorize, refusalOf } from "../../../../src/server/api/authorization.ts";
import { Tokens } from "../../../../src/administration/tokens.ts";
import type { Context } from "../../../../src/server/context.ts";
import { TOKEN } from "../../../support/administration.ts";
import { ownPackage } from "../../../support/own_package.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { TestApp } from "../../../support/test_app.ts";

const SETTINGS = { refresh_interval: "0", min_free_space: "0" };

function as(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

async function createToken(app: TestApp, body: object): Promise<string> {
  const answer = await app.request("POST", "/api/v1/tokens", {
    ...as(TOKEN),
    body: JSON.stringify(body),
  });
  assertEquals(answer.status, 201, answer.text);
  return JSON.parse(answer.text).token;
}

interface ListedEvent {
  who: string;
  address: string;
  action: string;
  request: string;
  details: Record<string, unknown>;
}

async function eventsOf(app: TestApp): Promise<ListedEvent[]> {
  return JSON.parse((await app.request("GET", "/api/v1/events?kind=change", as(TOKEN))).text)
    .events;
}

Deno.test("an upload token may call only what uploads in its repositories need", () => {
  const uploader: Principal = { name: "builder", purpose: "upload", repositories: ["mine"] };
  const answers = {};
  const upload = endpoint({
    method: "PUT",
    path: "/api/v1/repositories/{repository}",
    summary: "Upload",
    right: "upload",
    pathParameters: { repository: undefined! },
    answers,
  });
  const other = endpoint({ method: "GET", path: "/api/v1/x", summary: "Look", answers });
  assertEquals(refusalOf(uploader, upload, { repository: "mine" }), null);
  for (const repository of ["", "mine2", "Mine", "mine/../theirs", "theirs"]) {
    assertEquals(refusalOf(uploader, upload, { repository })?.kind, "forbidden", repository);
  }
  assertEquals(refusalOf(uploader, upload, {})?.kind, "forbidden");
  const mine = { repository: "mine" };
  assertEquals(refusalOf(uploader, upload, mine, { uploadTokens: ["ci", "builder"] }), null);
  const others = refusalOf(uploader, upload, mine, { uploadTokens: ["ci"] });
  assertMatch(others!.detail, /upload_tokens do not list the token builder/);
  const theirs = refusalOf(uploader, upload, { repository: "theirs" }, {
    uploadTokens: ["builder"],
  });
  assertEquals(theirs?.kind, "forbidden", "a name in upload_tokens alone is not enough");
  assertEquals(refusalOf(uploader, other, { repository: "mine" })?.kind, "forbidden");
  assertEquals(refusalOf(ADMINISTRATOR, other, {}), null);
  assertEquals(refusalOf(ADMINISTRATOR, upload, { repository: "theirs" }), null);
});

Deno.test("a builder's token may call only what builders need", () => {
  const builder: Principal = { name: "b1", purpose: "builder", repositories: [] };
  const answers = {};
  const lease = endpoint({
    method: "POST",
    path: "/api/v1/x",
    summary: "Lease",
    right: "builder",
    answers,
  });
  const upload = { ...lease, right: "upload" as const };
  const look = { ...lease, right: "administrator" as const };
  assertEquals(refusalOf(builder, lease, {}), null);
  assertEquals(refusalOf(ADMINISTRATOR, lease, {}), null);
  for (const other of [upload, look]) {
    assertEquals(refusalOf(builder, other, { repository: "mine" })?.kind, "forbidden");
  }
  const uploader: Principal = { name: "ci", purpose: "upload", repositories: ["mine"] };
  assertEquals(refusalOf(uploader, lease, { repository: "mine" })?.kind, "forbidden");
});

Deno.test("a viewer may look and change nothing; an approver also decides what is built", () => {
  const viewer: Principal = { name: "tv", purpose: "viewer", repositories: [] };
  const approver: Principal = { ...viewer, name: "anna", purpose: "approver" };
  const path = { repository: "mine" };
  const allowed = (who: Principal) =>
    ENDPOINTS.filter((endpoint) => refusalOf(who, endpoint, path) === null);
  const looks = ENDPOINTS.filter(({ method, right }) => method === "GET" && right !== "builder");
  const open = looks.filter(({ right }) => right === "anyone");
  assertEquals(new Set([...allowed(viewer), ...open]), new Set(looks));
  const decisions = allowed(approver).filter((each) => !looks.includes(each));
  assertEquals(decisions.map(({ summary }) => summary), [
    "Approve a held build",
    "Refuse a held build",
    "Approve builds",
    "Reject builds",
  ]);
});

Deno.test("every endpoint for upload tokens names its repository in the path", () => {
  for (const { right, path } of ENDPOINTS) {
    if (right === "upload") assert(path.includes("/{repository}"), path);
  }
});

Deno.test("an upload token is limited by upload_tokens, and in the number and size of its open uploads", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, max_open_uploads: 2, max_upload_size: "100KB" },
    tables: () =>
      `[repositories.mine]\nupload_tokens = ["ci"]\n[repositories.open]\nkeep_versions = 0\n`,
  });
  const body = { purpose: "upload", repositories: ["mine", "open"] };
  const ci = await createToken(app, { ...body, name: "ci" });
  const other = await createToken(app, { ...body, name: "other" });
  const ask = async (
    token: string,
    method: string,
    target: string,
    body: Uint8Array<ArrayBuffer> | null = null,
  ) => {
    const url = `${app.origin}/api/v1/repositories/${target}`;
    const answer = await fetch(url, { ...as(token), method, body });
    return { status: answer.status, text: await answer.text() };
  };
  assertEquals((await ask(other, "POST", "mine/uploads")).status, 403);
  assertEquals((await ask(other, "POST", "open/uploads")).status, 201);
  const uploads: string[] = [];
  for (const repository of ["mine", "open"]) {
    const { status, text } = await ask(ci, "POST", `${repository}/uploads`);
    assertEquals(status, 201, text);
    uploads.push(JSON.parse(text).upload);
  }
  const third = await ask(ci, "POST", "open/uploads");
  assertEquals(third.status, 409);
  assertMatch(third.text, /ci has 2 open ones.*max_open_uploads/);
  assertEquals((await ask(TOKEN, "POST", "open/uploads")).status, 201, "others have their own");
  const small = await ownPackage("small");
  const put = (name: string, body: Uint8Array<ArrayBuffer>, index: number) =>
    ask(ci, "PUT", `${["mine", "open"][index]}/uploads/${uploads[index]}/${name}`, body);
  assertEquals((await put(small.fileName, small.bytes, 0)).status, 200);
  const large = await put("large-1-1-any.pkg.tar.gz", new Uint8Array(120_000), 1);
  assertEquals(large.status, 409);
  assertMatch(large.text, /would exceed max_upload_size, 100 KiB/);
  // Nothing of it is left, so there is room again.
  assertEquals((await put(small.fileName, small.bytes, 1)).status, 200);
  assertEquals((await ask(ci, "DELETE", `mine/uploads/${uploads[0]}`)).status, 204);
  assertEquals((await ask(ci, "POST", "mine/uploads")).status, 201);
});

Deno.test("an upload token is refused by every endpoint of the administrator", async (t) => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const token = await createToken(app, {
    name: "builder",
    purpose: "upload",
    repositories: ["mine"],
  });
  for (const { method, path, right } of ENDPOINTS) {
    if (right !== "administrator" && right !== "approve" && right !== "view") continue;
    const target = path.replaceAll(/\{\+?\w+\}/g, "mine");
    await t.step(`${method} ${target}`, async () => {
      const answer = await app.request(method, target, as(token));
      assertEquals(answer.status, 403, answer.text);
      if (target.startsWith("/api/v1/")) assertEquals(JSON.parse(answer.text).kind, "forbidden");
    });
  }
  assertEquals((await eventsOf(app)).map(({ action }) => action), ["Create a token"]);
});

Deno.test("an expired token is refused with its name and the time, and does nothing", async () => {
  await using folder = await TempFolder.create();
  let time = Date.UTC(2026, 10, 28, 19);
  const clock = { now: () => time, monotonic: () => time, sleep: () => Promise.resolve() };
  const tokens = new Tokens(folder.join("tokens.json"), clock);
  const { token } = await tokens.create({
    ...{ name: "laptop", purpose: "administrator", repositories: [] },
    expiresAfterMs: 60_000,
  });
  const ask = () =>
    authorize(new Request("http://localhost/", as(token)), {
      endpoint: endpoint({ method: "GET", path: "/api/v1/x", summary: "Look", answers: {} }),
      path: {},
      context: {
        config: { token: TOKEN },
        administration: { tokens },
        publishing: { repositories: [] },
      } as unknown as Context,
    });
  assert("principal" in await ask());
  time += 60_000;
  const answer = await ask();
  assert("refusal" in answer);
  assertEquals(answer.refusal.kind, "unauthorized");
  assertMatch(answer.refusal.detail, /the token laptop expired on 2026-11-28 19:01 UTC/);
  await tokens.close();
});

Deno.test("a further administrator's token may do everything until it is revoked", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const token = await createToken(app, { name: "laptop", purpose: "administrator" });
  assertEquals((await app.request("PUT", "/api/v1/pins/linux", as(token))).status, 201);
  assertEquals((await app.request("DELETE", "/api/v1/tokens/laptop", as(TOKEN))).status, 204);
  assertEquals((await app.request("GET", "/api/v1/pins", as(token))).status, 401);
  const { tokens } = JSON.parse((await app.request("GET", "/api/v1/tokens", as(TOKEN))).text);
  assertEquals(tokens, []);
});

Deno.test("created tokens work without a configured one, and the API is off for everyone else", async () => {
  await using folderOwner = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const token = await createToken(folderOwner, { name: "laptop", purpose: "administrator" });
  folderOwner.app.reconfigure({ ...folderOwner.app.config, token: null });
  assertEquals((await folderOwner.request("GET", "/api/v1/pins", as(token))).status, 200);
  assertEquals((await folderOwner.request("GET", "/api/v1/pins", as(TOKEN))).status, 403);
});

Deno.test("the audit log has every change with its author, and neither reads nor failures", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const token = await createToken(app, { name: "laptop", purpose: "administrator" });
  assertEquals((await app.request("PUT", "/api/v1/pins/linux", as(token))).status, 201);
  assertEquals((await app.request("GET", "/api/v1/pins", as(token))).status, 200);
  assertEquals((await app.request("DELETE", "/api/v1/pins/other", as(token))).status, 404);
  assertEquals((await app.request("DELETE", "/api/v1/pins/linux")).status, 401);
  const events = await eventsOf(app);
  assertEquals(events.map(({ who, action, request }) => [who, action, request]), [
    ["laptop", "Pin packages", "PUT /api/v1/pins/linux"],
    ["administrator", "Create a token", "POST /api/v1/tokens"],
  ]);
  assertEquals(events.map(({ address }) => address), ["127.0.0.1", "127.0.0.1"]);
  assertEquals(events[1]!.details["name"], "laptop");
  assert(!JSON.stringify(events).includes(token.slice(-43)));
});

Deno.test("files of an upload do not fill the audit log, and its publication is in it", () => {
  const recorded = ENDPOINTS.filter(({ path, isChange }) => isChange && path.includes("/uploads"));
  assertEquals(recorded.map(({ path }) => path.split("/").at(-1)), ["publish"]);
});

Deno.test("a change that cannot be recorded is not reported as a success", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("events"), "in the way");
  const stateRoot = folder.path;
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS, stateRoot });
  const answer = await app.request("PUT", "/api/v1/pins/linux", as(TOKEN));
  assertEquals(answer.status, 507);
  const { detail, kind } = JSON.parse(answer.text);
  assert(detail.includes("could not be recorded"), detail);
  assertEquals(kind, "storage");
  // What the schedule does by itself, and what changes nothing, needs no record.
  for (const path of ["/api/v1/refresh", "/api/v1/mirrors/test"]) {
    assertEquals((await app.request("POST", path, as(TOKEN))).status, 200, path);
  }
});

Deno.test("no token's secret gets into the log, wherever it was sent", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const token = await createToken(app, { name: "laptop", purpose: "administrator" });
  const secret = token.slice(-43);
  await app.request("GET", `/api/v1/pins/${token}`, as(token));
  await app.request("DELETE", `/api/v1/tokens/${token}`, as(token));
  await app.request("GET", `/core/os/x86_64/${token}`, as(token));
  await app.request("GET", `/api/v1/status?x=${token}`, as(`${token}x`));
  await app.log.waitFor(/\/core\/os\/x86_64\/pkgstash_/);
  assert(app.log.matching(/pkgstash_[0-9a-f]{12}_/).length > 0);
  assertEquals(app.log.lines.filter((line) => line.includes(secret)), []);
});
