import { assertEquals, assertMatch } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { beforeTimeouts, PATIENT_MS } from "../../../support/patience.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-x86_64.pkg.tar.zst";
const bytes = packageBytes(500_000, 1);

/** Asserts that a body names no mirror, no path on disk and no source file. */
function assertDiscreet(app: TestApp, text: string): void {
  for (
    const secret of [...app.mirrors.map(({ url }) => new URL(url).host), app.pathOf(""), ".ts"]
  ) {
    assertEquals(text.includes(secret), false, text);
  }
  assertEquals(text.split("\n").length, 2, text);
}

Deno.test("a file that no mirror has is 404 in plain text, after all mirrors were asked", async () => {
  await using app = await TestApp.start({ mirrors: 3 });
  const { status, text, headers } = await app.get(PATH);
  assertEquals([status, text], [404, "No such file.\n"]);
  assertMatch(headers.get("content-type")!, /^text\/plain/);
  assertEquals(app.mirrors.map((mirror) => mirror.count(PATH)), [1, 1, 1]);
  const cached = await Array.fromAsync(Deno.readDir(app.pathOf(".pkgstash/parts/core/os/x86_64")))
    .catch(() => []);
  assertEquals(cached.filter(({ name }) => name.startsWith("foo")), []);
});

Deno.test("a mirror that has the file is found after those that do not", async () => {
  await using app = await TestApp.start({ mirrors: 3 });
  app.mirrors[1]!.put(PATH, bytes);
  assertEquals((await app.get(PATH)).body, bytes);
});

Deno.test("a client gets 502 before its time is over when all mirrors are down", async () => {
  await using app = await TestApp.start({ mirrors: 2, settings: { answer_timeout: "6s" } });
  const hosts = app.mirrors.map(({ url }) => new URL(url).host);
  for (const mirror of app.mirrors) await mirror.down();
  const { status, text } = await app.get(PATH);
  // At the end of its time it would be 504.
  assertEquals(status, 502);
  assertDiscreet(app, text);
  // The log names the mirrors.
  for (const host of hosts) {
    assertEquals(app.log.matching(/request failed/)[0]!.includes(host), true);
  }
});

Deno.test("every client gets 504 within the answer timeout when all mirrors hang", async () => {
  await using app = await TestApp.start({
    mirrors: 2,
    settings: { race_timeout: "50ms", answer_timeout: "1s" },
  });
  for (const mirror of app.mirrors) mirror.behave("*", { kind: "hangBeforeHeaders" });
  const first = app.get(PATH);
  await app.mirrors[1]!.waitForRequest(PATH);
  const second = app.get(PATH);
  for (const { status, text } of await beforeTimeouts(Promise.all([first, second]))) {
    assertEquals(status, 504);
    assertDiscreet(app, text);
  }
});

Deno.test("a web page or an empty file in place of a package is 502", async (t) => {
  const behaviours = [
    { kind: "html" },
    { kind: "empty" },
  ] as const;
  for (const behaviour of behaviours) {
    await t.step(behaviour.kind, async () => {
      await using app = await TestApp.start();
      app.put(PATH, bytes);
      app.mirror.behave(PATH, behaviour);
      const { status, text } = await app.get(PATH);
      assertEquals(status, 502, behaviour.kind);
      assertDiscreet(app, text);
      assertEquals(await Deno.stat(app.pathOf(PATH)).catch(() => null), null);
    });
  }
});

Deno.test("a transfer that breaks off never looks complete", async (t) => {
  for (const behaviours of [[], [{ kind: "noLength" }]] as const) {
    await t.step(behaviours.length === 0 ? "with a length" : "without a length", async () => {
      await using app = await TestApp.start({ settings: { answer_timeout: "3s" } });
      const gate = new Gate();
      app.put(PATH, bytes);
      app.mirror.behave(
        PATH,
        [...behaviours, { kind: "gate", gate, bytes: 200_000 }, {
          kind: "cutAfter",
          bytes: 200_000,
        }],
        1,
      );
      app.mirror.behave("*", { kind: "status", code: 503 });
      const clients = [app.get(PATH)];
      await gate.reached;
      clients.push(app.get(PATH), app.get(PATH, { range: "bytes=100-" }));
      gate.release();
      const answers = await Promise.all(clients.map((client) => client.catch(() => null)));
      for (const answer of answers) {
        if (answer?.status === 200 || answer?.status === 206) {
          assertEquals(answer.isComplete, false);
        }
      }
      assertEquals(answers[0]!.status, 200);
      assertEquals(app.log.matching(/mirror failed/).length > 0, true);
      assertEquals(await Deno.stat(app.pathOf(PATH)).catch(() => null), null);
    });
  }
});

Deno.test("the part of a transfer that broke off is resumed when the mirror is back", async () => {
  await using app = await TestApp.start({ settings: { answer_timeout: "3s" } });
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "cutAfter", bytes: 400_000 }, 1);
  app.mirror.behave(PATH, { kind: "status", code: 503 });
  assertEquals((await app.get(PATH)).isComplete, false);
  await app.settled();
  app.setAnswerTimeout(PATIENT_MS);
  app.mirror.behave(PATH, { kind: "correct" });
  const { status, body } = await app.get(PATH);
  assertEquals([status, body], [200, bytes]);
  const requests = app.mirror.requests.filter(({ path }) => path === PATH);
  assertMatch(requests.at(-1)!.headers.get("range") ?? "", /^bytes=\d{5,}-/);
});
