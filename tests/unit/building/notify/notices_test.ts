import { createHmac } from "node:crypto";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Channel, channelsOf } from "../../../../src/building/notify/channels.ts";
import type { Notice } from "../../../../src/building/notify/notice.ts";
import { Notices } from "../../../../src/building/notify/notices.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { configOf } from "../../../support/configuration.ts";
import { HttpSink, SmtpSink } from "../../../support/message_sinks.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../../support/watched_packages.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const { signal } = new AbortController();

const notice = (name: string): Notice => ({
  key: name,
  title: `Change needs approval: ${name} 1-1 -> 2-1`,
  text: `More than versions changed.\nDecide with: pkgstash approvals show ${name}`,
  packages: [{ base: name, accepted: "1-1", version: "2-1" }],
  ...{ event: "approval_needed", isUrgent: false, url: null },
});

/** The channels that these keys of `[notify]` configure, with secrets. */
function channels(http: HttpClient, keys: string, secrets = ""): Channel[] {
  const config = configOf(`[notify]\n${keys}\nsecrets = "/secrets"\n`, {}, {
    "/secrets": { text: secrets, mode: 0o600 },
  });
  return channelsOf(config, http);
}

/** Notices with one channel, whose messages the test sees. */
async function opened(
  { clock, path, schedule = "now", fail = () => false }: {
    clock: FakeClock;
    path: string;
    schedule?: "now" | "daily";
    fail?: () => boolean;
  },
) {
  const sent: string[] = [];
  let wake = Promise.withResolvers<void>();
  const channel: Channel = {
    name: "ntfy",
    send: ({ title }) => {
      sent.push(title);
      wake.resolve();
      wake = Promise.withResolvers();
      return fail() ? Promise.reject(new Error("it answered 503")) : Promise.resolve();
    },
  };
  const notices = await Notices.open({
    path,
    clock,
    channels: () => [channel],
    schedule: () => schedule,
  });
  const reached = async (count: number) => {
    while (sent.length < count) await wake.promise;
  };
  return { notices, sent, reached };
}

Deno.test("each notice is sent once, however often it is raised, even after a restart", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(0);
  const path = folder.join("notices.json");
  const first = await opened({ clock, path });
  await first.notices.tell([notice("a")]);
  await first.notices.tell([notice("a")]);
  await first.reached(1);
  await first.notices.stop();
  const second = await opened({ clock, path });
  await second.notices.tell([notice("a"), notice("b")]);
  await second.reached(1);
  await second.notices.stop();
  assertEquals([first.sent.length, second.sent], [1, [notice("b").title]]);
});

Deno.test("a failed message is retried after growing pauses, and its failure is shown", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(0);
  let failures = 2;
  const { notices, sent, reached } = await opened({
    clock,
    path: folder.join("notices.json"),
    fail: () => failures-- > 0,
  });
  await notices.tell([notice("a")]);
  await clock.slept(MINUTE);
  assertEquals(notices.standing, { waiting: 1, failure: "ntfy: it answered 503" });
  clock.advance(MINUTE);
  await clock.slept(3 * MINUTE);
  assertEquals(sent.length, 2);
  clock.advance(2 * MINUTE);
  await reached(3);
  await notices.stop();
  assertEquals([sent.length, notices.standing], [3, { waiting: 0, failure: null }]);
});

Deno.test("a message interrupted by a restart is delivered afterwards", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(0);
  const path = folder.join("notices.json");
  const first = await opened({ clock, path, fail: () => true });
  await first.notices.tell([notice("a")]);
  await clock.slept(MINUTE);
  await first.notices.stop();
  clock.advance(MINUTE);
  const second = await opened({ clock, path });
  await second.reached(1);
  await second.notices.stop();
  assertEquals(second.sent, [notice("a").title]);
});

Deno.test("a daily digest combines a day's notices into one message", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(0);
  const { notices, sent, reached } = await opened({
    clock,
    path: folder.join("notices.json"),
    schedule: "daily",
  });
  await notices.tell([notice("a")]);
  await reached(1);
  await notices.tell([notice("a"), notice("b")]);
  await notices.tell([notice("a"), notice("b"), notice("c")]);
  await clock.slept(DAY);
  assertEquals(sent.length, 1);
  clock.advance(DAY);
  await reached(2);
  await notices.stop();
  assertEquals(sent[1], "2 items need a decision");
});

Deno.test("an urgent notice is sent at once, and does not delay the daily digest", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(0);
  const { notices, sent, reached } = await opened({
    clock,
    path: folder.join("notices.json"),
    schedule: "daily",
  });
  await notices.tell([notice("a")]);
  await reached(1);
  await notices.tell([notice("a"), notice("b")]);
  await clock.slept(DAY);
  clock.advance(DAY / 2);
  const urgent = { ...notice("first"), title: "First build", isUrgent: true };
  await notices.tell([notice("a"), notice("b"), urgent]);
  await reached(2);
  assertEquals(sent[1], "First build");
  clock.advance(DAY / 2);
  await reached(3);
  await notices.stop();
  assertEquals(sent[2], notice("b").title);
});

Deno.test("a webhook gets JSON with an HMAC of its exact bytes", async () => {
  await using sink = new HttpSink();
  using http = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const [channel] = channels(http, `webhook_url = "${sink.url}/hook"`, "WEBHOOK_SECRET=s3cret\n");
  await channel!.send(notice("a"), signal);
  const [{ body, headers, path, method }] = sink.received as [HttpSink["received"][number]];
  assertEquals([method, path], ["POST", "/hook"]);
  const expected = createHmac("sha256", "s3cret").update(body).digest("hex");
  assertEquals(headers.get("x-pkgstash-signature"), `sha256=${expected}`);
  assertEquals(JSON.parse(body).packages, notice("a").packages);
});

Deno.test("ntfy and Matrix get the message with their tokens", async () => {
  await using sink = new HttpSink();
  using http = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const made = channels(
    http,
    `ntfy_url = "${sink.url}/topic"\nmatrix_url = "${sink.url}/"\nmatrix_room = "!r:example.org"`,
    "NTFY_TOKEN=n\nMATRIX_TOKEN=m\n",
  );
  for (const { send } of made) await send(notice("a"), signal);
  const [ntfy, matrix] = sink.received;
  assertEquals([JSON.parse(ntfy!.body).topic, JSON.parse(ntfy!.body).click], ["topic", undefined]);
  assertEquals(ntfy!.headers.get("authorization"), "Bearer n");
  assertEquals([matrix!.method, matrix!.headers.get("authorization")], ["PUT", "Bearer m"]);
  assertStringIncludes(
    matrix!.path,
    "/_matrix/client/v3/rooms/!r%3Aexample.org/send/m.room.message/",
  );
  assertStringIncludes(JSON.parse(matrix!.body).body, notice("a").title);
  await made[1]!.send(notice("a"), signal);
  assertEquals(sink.received[2]!.path, matrix!.path);
});

Deno.test("a refused message fails with the status", async () => {
  await using sink = new HttpSink();
  using http = new HttpClient({ userAgent: "test", upstreamProxy: null });
  sink.statuses.push(401);
  const [channel] = channels(http, `ntfy_url = "${sink.url}/topic"`);
  const reason = await channel!.send(notice("a"), signal).then(() => null, String);
  assertEquals(reason, "Error: it responded with status 401");
});

Deno.test("e-mail goes to every address, and a title cannot add a header", async () => {
  await using sink = new SmtpSink();
  using http = new HttpClient({ userAgent: "test", upstreamProxy: null });
  const [channel] = channels(
    http,
    `email_to = ["a@example.org", "b@example.org"]\nsmtp_host = "127.0.0.1"\n` +
      `smtp_port = ${sink.port}\nsmtp_tls = "none"`,
  );
  await channel!.send({ ...notice("x"), title: "one\r\nBcc: c@example.org" }, signal);
  await sink.reached(1);
  assertEquals(sink.recipients, ["a@example.org", "b@example.org"]);
  const [head] = sink.messages[0]!.split("\r\n\r\n");
  assert(!/^Bcc:/im.test(head!), head);
  assertStringIncludes(sink.messages[0]!, "Decide with: pkgstash approvals show x");
});

Deno.test("a change that needs approval is announced with its reason, and one in its cool-down is not", async () => {
  await using sink = new HttpSink();
  const clock = new FakeClock(Date.UTC(2026, 10, 28));
  await using packages = await WatchedPackages.start(
    clock,
    `[notify]\nwebhook_url = "${sink.url}/"`,
  );
  const { aur, building } = packages;
  aur.put("foo", { files: packageFiles("foo", "1") });
  await building.watchList.add(["foo"], { by: "administrator", skipsUnknown: false });
  await sink.reached(1);
  await building.watcher.check();
  const [approval] = await building.decisions.approvals();
  await building.decisions.approve(approval!.id, { by: "administrator", reason: "" });
  aur.push("foo", packageFiles("foo", "2"), clock.now() / 1000);
  await building.watcher.check();
  assertEquals(sink.received.length, 1);
  aur.push("foo", packageFiles("foo", "2", { build: "make" }), clock.now() / 1000 + 60);
  await building.watcher.check();
  await sink.reached(2);
  await building.watcher.check();
  assertEquals(sink.received.length, 2);
  const told = JSON.parse(sink.received[1]!.body);
  assertEquals(told.title, "Change needs approval: foo 1-1 -> 2-1");
  assertStringIncludes(told.text, "More than versions and checksums changed.");
});

/** Watched packages with a daily digest to a sink, and a public URL. */
async function announced(sink: HttpSink, clock: FakeClock): Promise<WatchedPackages> {
  const packages = await WatchedPackages.start(
    clock,
    `[notify]\nschedule = "daily"\nwebhook_url = "${sink.url}/"`,
    `public_url = "https://packages.example.org/"`,
  );
  packages.aur.put("app", { files: packageFiles("app", "1", { depends: ["lib"] }) });
  packages.aur.put("lib", { files: packageFiles("lib", "1") });
  return packages;
}

Deno.test("first builds are announced at once and only once, with the URL to decide at", async () => {
  await using sink = new HttpSink();
  const clock = new FakeClock(Date.UTC(2026, 10, 28));
  await using packages = await announced(sink, clock);
  await packages.building.watchList.add(["app"], { by: "administrator", skipsUnknown: false });
  await sink.reached(1);
  await packages.restart();
  await packages.building.watcher.check();
  await packages.building.watcher.check();
  await packages.building.notices.stop();
  assertEquals(sink.received.length, 1);
  const told = JSON.parse(sink.received[0]!.body);
  assertEquals(
    [told.event, told.title, told.url],
    [
      "approval_needed",
      "First build needs approval: lib 1-1, app 1-1",
      "https://packages.example.org/admin/approvals/app",
    ],
  );
  assertStringIncludes(told.text, `Decide at: ${told.url}`);
  assertEquals("isUrgent" in told, false);
});
