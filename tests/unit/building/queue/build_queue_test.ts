import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { USUAL_SETTINGS } from "../../../../src/building/build_settings.ts";
import type { Build, BuildState } from "../../../../src/building/queue/build.ts";
import {
  builtPackage,
  builtPackageOf,
  requestFor,
  srcinfoText,
  TestQueue,
} from "../../../support/builds.ts";
import { ownPackage } from "../../../support/own_package.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";
import { sha256Of } from "../../../support/sha256.ts";

const START = 1_700_000_000_000;

async function withQueue(
  run: (queue: TestQueue, clock: FakeClock, folder: TempFolder) => Promise<void>,
  options: Parameters<typeof TestQueue.open>[1] = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(START);
  await using queue = await TestQueue.open(folder.path, { clock, ...options });
  await run(queue, clock, folder);
}

/** Stops a queue and opens it again, as a restart of the daemon does. */
async function reopened(queue: TestQueue, clock: FakeClock): Promise<TestQueue> {
  await queue.stop();
  return await TestQueue.open(queue.directory, { clock, trees: queue.trees });
}

const stateOf = (queue: TestQueue, { number }: Build): BuildState =>
  queue.queue.find(`${number}`).state;

Deno.test("a build goes from the queue to a builder and into the repository, and is announced once", () =>
  withQueue(async (queue) => {
    const build = await queue.enqueue("foo");
    assertEquals([build.number, build.state], [1, "waiting"]);
    const leased = (await queue.lease())!;
    assertEquals(leased.build.packageBase, "foo");
    assertEquals(stateOf(queue, build), "leased");
    assertEquals(await queue.lease("b2"), null, "no other builder gets it");
    const ended = await queue.finish(leased.call, [await builtPackage("foo")]) as Build;
    assertEquals(ended.state, "published");
    assertEquals(await queue.published(), ["foo 1.0-1"]);
    assertEquals(queue.told, ["1 published"]);
  }));

Deno.test("the end of an attempt is announced with its outcome", () =>
  withQueue(async (queue, clock) => {
    const ended: unknown[] = [];
    queue.queue.listen({
      onAttemptEnded: (_, { number, outcome, endedAt }) =>
        void ended.push([number, outcome, endedAt]),
    });
    await queue.enqueue("foo");
    const leased = (await queue.lease())!;
    await queue.finish(leased.call, [await builtPackage("foo")]);
    assertEquals(ended, [[1, "built", clock.now()]]);
    await queue.enqueue("bar");
    const { call } = (await queue.lease())!;
    await queue.queue.jobs.report(call, { outcome: "cancelled" });
    assertEquals(ended.slice(1), [[1, "returned", clock.now()]]);
  }));

Deno.test("a build waits until its dependencies are published, and for nothing else", () =>
  withQueue(async (queue) => {
    const third = await queue.enqueue("c", { needs: ["b"] });
    const second = await queue.enqueue("b", { needs: ["a"] });
    await queue.enqueue("a");
    await queue.enqueue("other");
    assertStringIncludes(queue.queue.obstacleOf(third)!, "it needs b, build 2");
    const order: string[] = [];
    for (let leased; (leased = await queue.lease()) !== null;) {
      const { packageBase } = leased.build;
      order.push(packageBase);
      if (packageBase === "a") assertEquals(stateOf(queue, second), "waiting");
      await queue.finish(leased.call, [await builtPackage(packageBase)]);
    }
    assertEquals(order, ["a", "b", "c", "other"]);
  }));

Deno.test("a build that needs a failed or held one waits with the reason, and starts once that is published", () =>
  withQueue(async (queue) => {
    await queue.enqueue("a");
    const dependent = await queue.enqueue("b", { needs: ["a"] });
    const { call } = (await queue.lease())!;
    const failure = { outcome: "failed", failure: "build_error", step: "building", reason: "no" };
    await queue.queue.jobs.report(call, failure as Parameters<typeof queue.queue.jobs.report>[1]);
    assertEquals(await queue.lease(), null);
    assertEquals(queue.queue.obstacleOf(dependent), "it needs a, whose build 1 failed");
    await queue.queue.retry(1);
    await queue.buildNext([await ownPackage("a")]);
    assertEquals(await queue.lease(), null);
    assertEquals(queue.queue.obstacleOf(dependent), "it needs a, whose build 1 is held");
    await queue.queue.releaseHeld(1, "me", "it is mine");
    assertEquals((await queue.lease())?.build.packageBase, "b");
  }));

Deno.test("builds in a dependency cycle name it as their obstacle", () =>
  withQueue(async (queue) => {
    const one = await queue.enqueue("a", { needs: ["b"] });
    await queue.enqueue("b", { needs: ["c"] });
    await queue.enqueue("c", { needs: ["a"] });
    assertEquals(await queue.lease(), null);
    assertEquals(
      queue.queue.obstacleOf(one),
      "it needs itself: b, which needs c, which needs a",
    );
  }));

Deno.test("a builder gets only builds for its architectures and for any", () =>
  withQueue(async (queue) => {
    await queue.queue.enqueue({
      ...await requestFor(queue, "foo"),
      architectures: ["x86_64", "aarch64"],
    });
    await queue.enqueue("data", { architectures: ["any"] });
    const arm = await queue.lease("arm", ["aarch64"]);
    assertEquals([arm?.build.packageBase, arm?.build.architecture], ["foo", "aarch64"]);
    const any = await queue.lease("arm", ["aarch64"]);
    assertEquals([any?.build.packageBase, any?.build.architecture], ["data", "any"]);
    assertEquals(await queue.lease("arm", ["aarch64"]), null);
  }));

Deno.test("two builders never get the same job, even if they ask at once", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const both = await Promise.all([queue.lease("b1"), queue.lease("b2")]);
    assertEquals(both.filter((each) => each !== null).length, 1);
  }));

Deno.test("a waiting builder gets a job as soon as there is one", () =>
  withQueue(async (queue) => {
    const { signal } = new AbortController();
    const options = { builder: "b1", architectures: ["x86_64"], version: "1", signal };
    const waiting = queue.queue.leases.lease({ ...options, waitMs: 50_000 });
    await queue.enqueue("foo");
    assertEquals((await waiting)?.build.packageBase, "foo");
  }));

Deno.test("a waiting builder is sent away after its time, and at a stop", () =>
  withQueue(async (queue, clock) => {
    const { signal } = new AbortController();
    const options = { builder: "b1", architectures: ["x86_64"], version: "1", signal };
    const waiting = queue.queue.leases.lease({ ...options, waitMs: 5_000 });
    await clock.slept(5_000);
    clock.advance(5_000);
    assertEquals(await waiting, null);
    const stopped = queue.queue.leases.lease({ ...options, waitMs: 50_000 });
    await queue.queue.stop();
    assertEquals(await stopped, null);
  }));

Deno.test("a silent builder loses its job, and its later messages are refused", () =>
  withQueue(async (queue, clock) => {
    const build = await queue.enqueue("foo");
    const lost = (await queue.lease("b1"))!;
    clock.advance(59_999);
    await queue.queue.jobs.heartbeat(lost.call, "building");
    clock.advance(59_999);
    assertEquals(await queue.lease("b2"), null, "a heartbeat keeps the lease");
    clock.advance(1);
    await assertRejects(
      () => queue.queue.jobs.heartbeat(lost.call, "building"),
      PkgstashError,
      "silent for too long",
    );
    const second = (await queue.lease("b2"))!;
    assertEquals(second.attempt.number, 2);
    const files = [await builtPackage("foo")];
    await assertRejects(() => queue.finish(lost.call, files), PkgstashError, "has ended");
    assertEquals(stateOf(queue, build), "leased");
    assertEquals((await queue.finish(second.call, files) as Build).state, "published");
    await assertRejects(() => queue.finish(second.call, files), PkgstashError, "was reported");
    assertEquals(queue.told, ["1 published"]);
  }));

Deno.test("a job that loses two builders is held, and built again only when a person says so", () =>
  withQueue(async (queue, clock) => {
    const build = await queue.enqueue("foo");
    for (const builder of ["b1", "b2"]) {
      await queue.lease(builder);
      clock.advance(60_000);
    }
    assertEquals(await queue.lease("b3"), null);
    const { state, hold } = queue.queue.find("foo");
    assertEquals([state, hold?.kind], ["held", "builders"]);
    assertStringIncludes(hold!.reason, "b1 and b2");
    assertEquals(queue.told, ["1 held builders"]);
    await queue.queue.retry(build.number);
    await queue.lease("b3");
    clock.advance(60_000);
    assertEquals(
      (await queue.lease("b4"))?.attempt.number,
      4,
      "builders lost before do not count",
    );
  }));

Deno.test("a builder that exceeds the time limit loses its job for good", () =>
  withQueue(async (queue, clock) => {
    const build = await queue.enqueue("foo");
    const { call } = (await queue.lease())!;
    for (let minutes = 0; minutes < 75; minutes++) {
      await queue.queue.jobs.heartbeat(call, "building").catch(() => {});
      clock.advance(59_000);
    }
    await assertRejects(() => queue.queue.jobs.heartbeat(call, "building"), PkgstashError);
    assertEquals(queue.queue.find(`${build.number}`).failure?.class, "timeout");
    assertEquals(queue.told, ["1 failed timeout"]);
  }));

Deno.test("only network failures are retried automatically, after growing pauses, and three times at most", () =>
  withQueue(async (queue, clock) => {
    const build = await queue.enqueue("foo");
    const waits: number[] = [];
    const report = async (failure: "network" | "build_error") => {
      const { call } = (await queue.lease())!;
      const reason = "no route to host";
      await queue.queue.jobs.report(call, { outcome: "failed", failure, step: "fetching", reason });
    };
    for (let attempt = 1; attempt <= 4; attempt++) {
      await report("network");
      const { state, notBefore } = queue.queue.find("foo");
      if (state === "failed") break;
      waits.push(notBefore - clock.now());
      assertEquals(await queue.lease(), null);
      clock.advance(notBefore - clock.now());
    }
    assertEquals(waits, [60_000, 240_000, 960_000]);
    assertEquals(queue.queue.find("foo").failure?.class, "network");
    await queue.queue.retry(build.number);
    await report("build_error");
    assertEquals(queue.queue.find("foo").state, "failed");
    assertEquals(queue.told, ["1 failed network", "1 failed build_error"]);
  }));

Deno.test("a builder that is unfit for a build does not get it again, and another one does", () =>
  withQueue(async (queue, clock) => {
    await queue.enqueue("foo");
    const { call } = (await queue.lease("b1"))!;
    const failure = "builder_unfit";
    const reason = "no bubblewrap";
    await queue.queue.jobs.report(call, {
      ...{ outcome: "failed", failure, step: "preparing", reason },
    });
    clock.advance(3_600_000);
    assertEquals(await queue.lease("b1"), null);
    const obstacle = queue.queue.obstacleOf(queue.queue.find("foo"));
    assertEquals(obstacle, "another builder than b1: no bubblewrap");
    assertEquals((await queue.lease("b2"))?.build.packageBase, "foo");
  }));

Deno.test("a build can be cancelled in any state before it is published", async (t) => {
  for (const state of ["waiting", "leased", "uploading", "held"] as const) {
    await t.step(state, () =>
      withQueue(async (queue) => {
        const build = await queue.enqueue("foo");
        const leased = state === "waiting" ? null : await queue.lease();
        const file = await ownPackage("foo", "1.0-1");
        if (state === "uploading") {
          const body = new Response(file.bytes).body!;
          const { fileName, bytes } = file;
          const product = { fileName, sha256: sha256Of(bytes), body };
          await queue.queue.jobs.putProduct(leased!.call, product);
        }
        if (state === "held") await queue.finish(leased!.call, [file]);
        assertEquals(stateOf(queue, build), state);
        await queue.queue.cancel(build.number, { by: "me", reason: "changed my mind" });
        assertEquals(stateOf(queue, build), "cancelled");
        assertEquals(await queue.published(), []);
        if (state === "leased" || state === "uploading") {
          assertEquals(await queue.queue.jobs.heartbeat(leased!.call, "building"), true);
          await assertRejects(() => queue.finish(leased!.call, [file]), PkgstashError, "cancelled");
        }
        await assertRejects(
          () => queue.queue.cancel(build.number, { by: "me", reason: "" }),
          PkgstashError,
          "it is already cancelled",
        );
        assertEquals(queue.told.filter((each) => !each.includes("held")), []);
      }));
  }
});

Deno.test("a package that arrives while its build is cancelled changes nothing", () =>
  withQueue(async (queue) => {
    const build = await queue.enqueue("foo");
    const { call } = (await queue.lease())!;
    const { fileName, bytes } = await builtPackage("foo");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const product = { fileName, sha256: sha256Of(bytes), body: readable };
    const arriving = queue.queue.jobs.putProduct(call, product);
    await writer.write(bytes.subarray(0, 100));
    await queue.queue.cancel(build.number, { by: "me", reason: "" });
    const refused = assertRejects(() => arriving, PkgstashError, "has ended");
    await writer.write(bytes.subarray(100));
    await writer.close();
    await refused;
    const { state, products } = queue.queue.find("foo");
    assertEquals([state, products], ["cancelled", []]);
  }));

Deno.test("a package can be sent again while the daemon still waits for the rest of a lost connection", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const { call } = (await queue.lease())!;
    const { fileName, bytes } = await builtPackage("foo");
    const sha256 = sha256Of(bytes);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const lost = queue.queue.jobs.putProduct(call, { fileName, sha256, body: readable });
    const refused = assertRejects(() => lost);
    await writer.write(bytes.subarray(0, 100));
    const body = new Response(bytes).body!;
    const again = await queue.queue.jobs.putProduct(call, { fileName, sha256, body });
    await refused;
    assertEquals([again.sha256, again.size], [sha256, bytes.length]);
    const packages = [{ file: fileName, sha256 }];
    const ended = await queue.queue.jobs.report(call, { outcome: "built", packages });
    assertEquals((ended as Build).state, "published");
    await writer.abort().catch(() => {});
  }));

Deno.test("a package that arrives after its lease does not affect the next builder's", () =>
  withQueue(async (queue, clock) => {
    await queue.enqueue("foo");
    const late = (await queue.lease("b1"))!;
    const { fileName, bytes } = await builtPackage("foo", "1.0-1", { content: "late" });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const product = { fileName, sha256: sha256Of(bytes), body: readable };
    const arriving = queue.queue.jobs.putProduct(late.call, product);
    await writer.write(bytes.subarray(0, 100));
    clock.advance(60_000);
    const next = (await queue.lease("b2"))!;
    const good = await builtPackage("foo");
    const sha256 = sha256Of(good.bytes);
    const body = new Response(good.bytes).body!;
    await queue.queue.jobs.putProduct(next.call, { fileName: good.fileName, sha256, body });
    const refused = assertRejects(() => arriving, PkgstashError, "has ended");
    await writer.write(bytes.subarray(100));
    await writer.close();
    await refused;
    const packages = [{ file: good.fileName, sha256 }];
    const ended = await queue.queue.jobs.report(next.call, { outcome: "built", packages });
    assertEquals((ended as Build).state, "published");
    const [published] = await queue.publishing.repository("aur").published();
    assertEquals(published?.sha256, sha256);
  }));

Deno.test("a returned job is leased again at once, and does not count as lost", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    for (let time = 0; time < 5; time++) {
      const { call } = (await queue.lease())!;
      await queue.queue.jobs.report(call, { outcome: "cancelled" });
    }
    assertEquals(queue.queue.find("foo").state, "waiting");
  }));

Deno.test("a newer build replaces one that waits or is held, and not one that runs", () =>
  withQueue(async (queue) => {
    const first = await queue.enqueue("foo");
    const second = await queue.enqueue("foo", { srcinfo: srcinfoText("foo", { version: "1.1" }) });
    assertEquals([stateOf(queue, first), stateOf(queue, second)], ["cancelled", "waiting"]);
    const leased = (await queue.lease())!;
    const third = await queue.enqueue("foo", { version: "1.2-1" });
    assertEquals([stateOf(queue, second), stateOf(queue, third)], ["leased", "waiting"]);
    assertEquals(await queue.lease("b2"), null, "one build of a package at a time");
    await queue.queue.jobs.report(leased.call, { outcome: "cancelled" });
    assertEquals((await queue.lease("b2"))?.build.number, second.number);
    await queue.enqueue("bar");
    const held = await queue.buildNext([await ownPackage("bar")]);
    assertEquals(held.state, "held");
    await queue.enqueue("bar", { version: "1.1-1" });
    assertEquals(stateOf(queue, held), "cancelled");
  }));

Deno.test("the same request twice makes one build", () =>
  withQueue(async (queue) => {
    const one = await queue.enqueue("foo");
    assertEquals((await queue.enqueue("foo")).number, one.number);
    assertEquals(queue.queue.all().length, 1);
  }));

Deno.test("leases and logs survive a restart, and a lease still ends without a heartbeat", () =>
  withQueue(async (first, clock) => {
    await first.enqueue("foo");
    await first.enqueue("bar");
    const leased = (await first.lease())!;
    const log = new TextEncoder().encode("==> Making foo\n");
    await first.queue.jobs.appendLog(leased.call, 0, log);
    await using queue = await reopened(first, clock);
    assertEquals(queue.queue.all().map(({ state }) => state), ["waiting", "leased"]);
    assertEquals(await queue.queue.jobs.appendLog(leased.call, 0, log), {
      nextOffset: log.length,
      isFull: false,
    });
    assertEquals(await queue.queue.jobs.heartbeat(leased.call, "building"), false);
    const built = await queue.finish(leased.call, [await builtPackage("foo")]) as Build;
    assertEquals(built.state, "published");
    const second = (await queue.lease())!;
    await using third = await reopened(queue, clock);
    clock.advance(60_000);
    assertEquals((await third.lease("b2"))?.build.packageBase, "bar");
    await assertRejects(() => third.queue.jobs.heartbeat(second.call, "building"), PkgstashError);
  }));

Deno.test("packages that a restart of the daemon lost are requested again", () =>
  withQueue(async (first, clock) => {
    await first.enqueue("foo");
    const { call } = (await first.lease())!;
    const file = await builtPackage("foo");
    const sha256 = sha256Of(file.bytes);
    await using queue = await reopened(first, clock);
    const packages = [{ file: file.fileName, sha256 }];
    assertEquals(await queue.queue.jobs.report(call, { outcome: "built", packages }), {
      missing: [file.fileName],
    });
    assertEquals((await queue.finish(call, [file]) as Build).state, "published");
  }));

Deno.test("a held product survives a restart, and is published when a person releases it", () =>
  withQueue(async (first, clock) => {
    await first.enqueue("foo");
    const file = await builtPackageOf("foo", [
      ["usr/", ""],
      { name: "usr/su", mode: 0o4755, bytes: new Uint8Array(3) },
    ]);
    const held = await first.buildNext([file]);
    assertEquals([held.state, held.hold?.facts.map(({ kind }) => kind)], ["held", ["privileged"]]);
    await using queue = await reopened(first, clock);
    const released = await queue.queue.releaseHeld(held.number, "me", "it needs that");
    assertEquals([released.state, released.released?.by], ["published", "me"]);
    assertEquals(await queue.published(), ["foo 1.0-1"]);
    await assertRejects(
      () => queue.queue.releaseHeld(held.number, "me", ""),
      PkgstashError,
      "it is published, not held",
    );
  }));

Deno.test("a refused product fails its build, and the previous build stays published", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    await queue.buildNext([await builtPackage("foo")]);
    await queue.enqueue("foo", { version: "1.1-1" });
    const held = await queue.buildNext([await ownPackage("foo", "1.1-1")]);
    assertEquals(held.hold?.facts.map(({ kind }) => kind), ["packager"]);
    const refused = await queue.queue.refuseHeld(held.number, "me", "whose is it?");
    assertEquals([refused.state, refused.failure?.class], ["failed", "product_refused"]);
    assertEquals(await queue.published(), ["foo 1.0-1"]);
    assertEquals(queue.told, ["1 published", "2 held product", "2 failed product_refused"]);
  }));

Deno.test("a build for an externally signed repository fails with the reason, and nothing waits", () =>
  withQueue(async (queue) => {
    const own = queue.publishing.repository("aur");
    const build = await queue.enqueue("foo");
    own.reconfigure({ ...own.settings, signing: "external" });
    const ended = await queue.buildNext([await builtPackage("foo")]);
    assertEquals([ended.state, ended.failure?.class], ["failed", "publication"]);
    assertMatch(ended.failure!.reason, /Cannot build for aur: it is signed externally/);
    assertEquals([await own.waiting(), await queue.published()], [null, []]);
    own.reconfigure({ ...own.settings, signing: "none" });
    await queue.queue.retry(build.number);
    assertEquals((await queue.buildNext([await builtPackage("foo")])).state, "published");
  }));

Deno.test("all packages of a build are published together, in one generation", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo", {
      packageNames: ["foo", "foo-doc"],
      srcinfo: srcinfoText("foo", { names: ["foo", "foo-doc"] }),
    });
    const before = (await queue.publishing.repository("aur").history()).length;
    const ended = await queue.buildNext([await builtPackage("foo"), await builtPackage("foo-doc")]);
    assertEquals(ended.state, "published", ended.hold?.reason);
    assertEquals((await queue.publishing.repository("aur").history()).length, before + 1);
    assertEquals(await queue.published(), ["foo 1.0-1", "foo-doc 1.0-1"]);
  }));

Deno.test("a package of another build, with a wrong hash or under another file name is refused", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const { call } = (await queue.lease())!;
    const { jobs } = queue.queue;
    const put = (fileName: string, bytes: Uint8Array<ArrayBuffer>, sha256 = sha256Of(bytes)) =>
      jobs.putProduct(call, { fileName, sha256, body: new Response(bytes).body! });
    const foo = await builtPackage("foo");
    const glibc = await builtPackage("glibc");
    for (
      const [fileName, bytes, sha256, reason] of [
        [glibc.fileName, glibc.bytes, undefined, "it is not a package of foo"],
        [foo.fileName, glibc.bytes, undefined, ".PKGINFO has the name"],
        [foo.fileName, foo.bytes, "0".repeat(64), "its SHA-256 is"],
        ["../foo-1.0-1-x86_64.pkg.tar.gz", foo.bytes, undefined, "not a package of foo"],
        [`${foo.fileName}.sig`, foo.bytes, undefined, "not a package of foo"],
        [foo.fileName, foo.bytes.slice(0, 100), undefined, "annot"],
      ] as const
    ) {
      await assertRejects(() => put(fileName, bytes, sha256), PkgstashError, reason);
    }
    assertEquals(queue.queue.find("foo").products, []);
    assertEquals((await queue.finish(call, [foo]) as Build).state, "published");
  }));

Deno.test("a builder's packages cannot exceed the disk limit", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const { call } = (await queue.lease())!;
    const foo = await builtPackage("foo");
    await assertRejects(() => queue.finish(call, [foo]), PkgstashError, "disk limit");
  }, { settings: { diskBytes: 100 } }));

Deno.test("a builder reaches only its own leased jobs", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const { call } = (await queue.lease("b1"))!;
    const stranger = { ...call, builder: "b2" };
    const { jobs } = queue.queue;
    const bytes = new Uint8Array(1);
    for (
      const attempt of [
        () => jobs.tar(stranger),
        () => jobs.heartbeat(stranger, "building"),
        () => jobs.appendLog(stranger, 0, bytes),
        () => jobs.compareMetadata(stranger, ""),
        () => jobs.report(stranger, { outcome: "cancelled" }),
        () => jobs.report({ builder: "b1", job: "0".repeat(32) }, { outcome: "cancelled" }),
      ]
    ) {
      await assertRejects(
        attempt as () => Promise<unknown>,
        PkgstashError,
        "belongs to another builder",
      );
    }
    assertEquals(queue.queue.find("foo").state, "leased");
  }));

Deno.test("metadata that differ from those approved hold the build until a person accepts them", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    const first = (await queue.lease())!;
    const printed = srcinfoText("foo", { lines: ["depends = evil"] });
    const differences = await queue.queue.jobs.compareMetadata(first.call, printed);
    assertEquals(differences, [
      'depends of the base foo is "evil" instead of nothing',
    ]);
    const held = queue.queue.find("foo");
    assertEquals([held.state, held.hold?.kind], ["held", "metadata"]);
    await assertRejects(() => queue.queue.jobs.heartbeat(first.call, "building"), PkgstashError);
    await queue.queue.releaseHeld(held.number, "me", "fine");
    const second = (await queue.lease())!;
    assertEquals(await queue.queue.jobs.compareMetadata(second.call, printed), []);
    const other = printed.replace("evil", "worse");
    assertEquals((await queue.queue.jobs.compareMetadata(second.call, other)).length, 1);
  }));

Deno.test("a rebuild builds the published tree again, with its pkgrel raised by 0.1", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    await queue.buildNext([await builtPackage("foo")]);
    const versions: string[] = [];
    for (const version of ["1.0-1.1", "1.0-1.2"]) {
      const [build] = await queue.queue.rebuild("foo", "libbar.so has changed");
      assertEquals([build?.pkgrel, build?.reason], [
        version.split("-")[1],
        "libbar.so has changed",
      ]);
      const { call } = (await queue.lease())!;
      const printed = srcinfoText("foo", { pkgrel: version.split("-")[1]! });
      assertEquals(await queue.queue.jobs.compareMetadata(call, printed), []);
      await queue.finish(call, [await builtPackage("foo", version)]);
      versions.push(...await queue.published());
    }
    assertEquals(versions, ["foo 1.0-1.1", "foo 1.0-1.2"]);
    await assertRejects(() => queue.queue.rebuild("bar", ""), PkgstashError, "no build of it");
  }));

Deno.test("published files that are built with other settings get a higher pkgrel", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo");
    await queue.buildNext([await builtPackage("foo")]);
    const pkgrels: (string | null)[] = [];
    for (const check of [false, true]) {
      const build = await queue.enqueue("foo", { settings: { ...USUAL_SETTINGS, check } });
      pkgrels.push(build.pkgrel);
      const { call } = (await queue.lease())!;
      await queue.finish(call, [await builtPackage("foo", queue.queue.versionOf(build))]);
    }
    assertEquals([pkgrels, await queue.published()], [["1.1", "1.2"], ["foo 1.0-1.2"]]);
  }));

Deno.test("only a package that follows a source may have another version than approved", async (t) => {
  for (const [sources, state] of [["git+https://x/foo.git", "published"], ["foo.tar", "held"]]) {
    await t.step(sources!, () =>
      withQueue(async (queue) => {
        await queue.enqueue("foo", {
          srcinfo: srcinfoText("foo", { lines: [`source = ${sources}`] }),
        });
        const ended = await queue.buildNext([await builtPackage("foo", "1.0.r5-1")]);
        assertEquals(ended.state, state!);
      }));
  }
});

Deno.test("the latest ended builds are kept, and numbers are never reused", () =>
  withQueue(async (first, clock) => {
    for (let version = 0; version < 6; version++) {
      await first.enqueue("foo", { version: `1.${version}-1` });
      await first.buildNext([await builtPackage("foo", `1.${version}-1`)]);
    }
    assertEquals(first.queue.all().map(({ number }) => number), [6, 5, 4]);
    const published = first.queue.find("6").treeHash;
    await using queue = await reopened(first, clock);
    assertEquals(queue.queue.treesInUse().includes(published), true);
    assertEquals((await queue.enqueue("bar")).number, 7);
  }));

Deno.test("a request that cannot be built is refused with every reason", () =>
  withQueue(async (queue) => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ packageNames: ["../x"] }, '"../x" is not a valid package name'],
      [{ needs: ["foo"] }, "it needs itself"],
      [{ version: "1" }, "is not a version"],
      [{ architectures: [] }, "for no architecture"],
      [{ architectures: ["../x"] }, "not an architecture"],
      [{ repository: "none" }, "Cannot find the repository none"],
      [{ treeHash: "0".repeat(64) }, "no longer kept"],
    ];
    for (const [part, reason] of wrong) {
      await assertRejects(() => queue.enqueue("foo", part), PkgstashError, reason);
    }
    const both = () => queue.enqueue("foo", { needs: ["foo"], version: "1" });
    assertMatch(
      (await assertRejects(both, PkgstashError)).message,
      /is not a version.*needs itself/,
    );
    assertEquals(queue.queue.all(), []);
  }));

Deno.test("a patch is applied to what is built, and one that does not apply holds the build", () =>
  withQueue(async (queue) => {
    const patch = "--- a/PKGBUILD\n+++ b/PKGBUILD\n@@ -1 +1 @@\n-# foo\n+# patched\n";
    await queue.enqueue("foo", { settings: { ...USUAL_SETTINGS, patches: [patch] } });
    const { call } = (await queue.lease())!;
    const tar = new TextDecoder().decode(await queue.queue.jobs.tar(call));
    assertEquals([tar.includes("# patched"), tar.includes("# foo")], [true, false]);
    const other = { ...USUAL_SETTINGS, patches: [patch.replaceAll("foo", "bar")] };
    const held = await queue.enqueue("baz", { settings: other });
    assertEquals([held.state, held.hold?.kind], ["held", "patches"]);
    assertEquals(queue.told, ["2 held patches"]);
    await assertRejects(
      () => queue.queue.releaseHeld(held.number, "me", ""),
      PkgstashError,
      "PKGBUILD differs from the file that it was made for",
    );
  }));

Deno.test("a package with the name of a distribution package needs a person once", async () => {
  const namesakes = { foo: { directory: "extra/os/x86_64", version: "9-1" } };
  await withQueue(async (queue) => {
    await queue.enqueue("foo");
    const held = await queue.buildNext([await builtPackage("foo")]);
    assertEquals(held.hold?.facts.map(({ kind, before }) => [kind, before]), [
      ["official_name", "extra/os/x86_64"],
    ]);
    await queue.queue.releaseHeld(held.number, "me", "mine is better");
    await queue.enqueue("foo", { version: "1.1-1" });
    assertEquals((await queue.buildNext([await builtPackage("foo", "1.1-1")])).state, "published");
  }, { namesakes });
});

const FOLLOWING = srcinfoText("foo", { lines: ["source = git+https://example.invalid/foo.git"] });

Deno.test("a build of a moved source that yields the published version ends without publishing", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo", { srcinfo: FOLLOWING });
    await queue.buildNext([await builtPackage("foo", "1.0.r5-1")]);
    await queue.enqueue("foo", { srcinfo: FOLLOWING, reason: "it moved" });
    const same = await queue.buildNext([await builtPackage("foo", "1.0.r5-1")]);
    assertEquals([same.state, same.hold, same.ended?.by], ["cancelled", null, "pkgstash"]);
    await queue.enqueue("foo", { srcinfo: FOLLOWING, reason: "it moved" });
    assertEquals(
      (await queue.buildNext([await builtPackage("foo", "1.0.r7-1")])).state,
      "published",
    );
    await queue.enqueue("foo", { srcinfo: FOLLOWING, reason: "it moved" });
    assertEquals((await queue.buildNext([await builtPackage("foo", "1.0.r6-1")])).state, "held");
    assertEquals(await queue.published(), ["foo 1.0.r7-1"]);
  }));

Deno.test("a followed source may only raise pkgver, and change neither epoch nor pkgrel", () =>
  withQueue(async (queue) => {
    for (const version of ["1:1.0.r5-1", "1.0.r5-2", "0.9-1"]) {
      const build = await queue.enqueue("foo", { srcinfo: FOLLOWING });
      const made = await queue.buildNext([await builtPackage("foo", version)]);
      assertEquals([made.number, made.state], [build.number, "held"], version);
      assertStringIncludes(made.hold!.reason, "differs from the approved one");
    }
  }));

Deno.test("a rebuild of a package that follows a source sets pkgver too, so that its pkgrel counts", () =>
  withQueue(async (queue) => {
    await queue.enqueue("foo", { srcinfo: FOLLOWING });
    await queue.buildNext([await builtPackage("foo", "1.0.r5-1")]);
    const [build] = await queue.queue.rebuild("foo", "why");
    assertEquals([build!.pkgver, build!.pkgrel], ["1.0.r5", "1.1"]);
    assertEquals(queue.queue.versionOf(build!), "1.0.r5-1.1");
    await queue.buildNext([await builtPackage("foo", "1.0.r5-1.1")]);
    assertEquals(await queue.published(), ["foo 1.0.r5-1.1"]);
    await queue.queue.rebuild("foo", "why");
    await queue.buildNext([await builtPackage("foo", "1.0.r6-1")]);
    assertEquals(await queue.published(), ["foo 1.0.r6-1"], "it has moved meanwhile");
  }));

Deno.test("a file that two builds make differently holds the product, unless it was released before", () =>
  withQueue(async (queue) => {
    const made = async (version: string, ...paths: (string | null)[]) => {
      const srcinfo = srcinfoText("foo", { version });
      await queue.enqueue("foo", { srcinfo, version: `${version}-1` });
      const { call } = (await queue.lease())!;
      const built = await builtPackage("foo", `${version}-1`);
      const differences = paths.map((path) => ({ file: built.fileName, path }));
      return await queue.finish(call, [built], differences) as Build;
    };
    const first = await made("1.0", "usr/bin/foo", "usr/bin/\u001b[31mevil");
    assertEquals(first.state, "held");
    assertEquals(
      first.hold!.facts.map(({ kind, packageName, after }) => `${kind} ${packageName} ${after}`),
      ["not_reproducible foo usr/bin/foo", "not_reproducible foo usr/bin/ [31mevil"],
    );
    await queue.queue.releaseHeld(first.number, "me", "it has a date in it");
    assertEquals((await made("1.1", "usr/bin/foo")).state, "published");
    const more = await made("1.2", "usr/bin/foo", null);
    assertEquals(more.hold!.facts.map(({ after }) => after), ["foo-1.2-1-x86_64.pkg.tar.gz"]);
  }));
