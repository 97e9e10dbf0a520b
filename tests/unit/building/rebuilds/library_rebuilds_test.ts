import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { AvailablePackages } from "../../../../src/building/available_packages.ts";
import { LibraryRebuilds } from "../../../../src/building/rebuilds/library_rebuilds.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { isProvidedBy, parseDependency } from "../../../../src/formats/pacman/dependency.ts";
import { libraryOf } from "../../../../src/formats/pacman/library.ts";
import { builtPackage, requestFor, srcinfoText, TestQueue } from "../../../support/builds.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const START = 1_700_000_000_000;
const SRCINFO = srcinfoText("foo", { lines: ["depends = libbar.so", "depends = libbaz.so"] });

/** A queue beside a mirrored distribution whose libraries a test changes. */
class Libraries implements AsyncDisposable {
  readonly recorded: string[] = [];
  readonly held = new Set<string>();
  /** What the mirrored packages provide; null before the first database. */
  provided: string[] | null = ["libbar.so=1-64", "libbaz.so=1-64"];
  changedAt = START - 1;
  #rebuilds!: LibraryRebuilds;

  private constructor(
    readonly queue: TestQueue,
    readonly clock: FakeClock,
    readonly missing: Set<string>,
    readonly folder: TempFolder,
  ) {}

  static async open(): Promise<Libraries> {
    const folder = await TempFolder.create();
    const clock = new FakeClock(START);
    const missing = new Set<string>();
    const queue = await TestQueue.open(folder.path, { clock, missing });
    const made = new Libraries(queue, clock, missing, folder);
    await made.reopen();
    return made;
  }

  /** As a restart does. */
  async reopen(): Promise<void> {
    this.#rebuilds = await LibraryRebuilds.open({
      path: join(this.folder.path, "libraries.json"),
      builds: this.queue.queue,
      available: new AvailablePackages({
        unsatisfied: (dependencies) => {
          if (this.provided === null) {
            return Promise.reject(new PkgstashError("conflict", "The database is not there yet."));
          }
          return Promise.resolve(
            dependencies.filter((each) =>
              !this.provided!.some((one) =>
                isProvidedBy(parseDependency(each), parseDependency(one))
              )
            ),
          );
        },
        versionsOf: (libraries) =>
          Promise.resolve(
            new Map(libraries.map((library) => [
              library,
              this.provided!.filter((one) => libraryOf(one) === library),
            ])),
          ),
        fetchMissingDatabases: () => Promise.resolve(),
        databasesChangedAt: () => Promise.resolve(this.changedAt),
      }, () => this.queue.publishing.repositories),
      isHeld: (base) => this.held.has(base),
      record: (_, { package: name, reason }) => {
        this.recorded.push(`${name}: ${reason}`);
        return Promise.resolve();
      },
    });
  }

  /** Publishes a database with these libraries. */
  async change(...provided: string[]): Promise<void> {
    this.provided = provided;
    this.clock.advance(1000);
    this.changedAt = this.clock.now();
    await this.look();
  }

  async look(): Promise<void> {
    this.#rebuilds.look();
    await this.#rebuilds.settled();
  }

  /** Builds and publishes a package that was linked with these libraries. */
  async publish(name: string, depends: readonly string[], needs: readonly string[] = []) {
    const srcinfo = SRCINFO.replaceAll("foo", name);
    await this.queue.queue.enqueue(await requestFor(this.queue, name, { srcinfo, needs }));
    await this.queue.buildNext([await builtPackage(name, "1.0-1", { depends })]);
    await this.#rebuilds.settled();
  }

  /** What waits to be built, the oldest first. */
  waiting(): string[] {
    const { queue } = this.queue;
    return queue.all().filter(({ state }) => state === "waiting").reverse()
      .map((build) => `${build.packageBase} ${queue.versionOf(build)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rebuilds.stop();
    await this.queue[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("a package is rebuilt once, with the reason, when the version of its library changes", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  assertEquals(libraries.waiting(), []);
  await libraries.change("libbar.so=2-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
  const reason = "no repository has libbar.so=1-64 any more, but libbar.so=2-64";
  assertEquals(libraries.queue.queue.find("foo").reason, reason);
  assertEquals(libraries.recorded, [`foo: ${reason}`]);
  await libraries.change("libbar.so=2-64", "libbaz.so=9-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
  const depends = ["libbar.so=2-64"];
  const build = await libraries.queue.buildNext([
    await builtPackage("foo", "1.0-1.1", { depends }),
  ]);
  assertEquals([build.state, build.hold], ["published", null]);
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  // And back again, as after a rollback.
  await libraries.change("libbar.so=1-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.2"]);
});

Deno.test("a package with an autodeps dependency is rebuilt for another soname, and published", async () => {
  await using libraries = await Libraries.open();
  libraries.provided = ["lib:libbar.so.1", "lib32:libbar.so.1"];
  const depends = ["lib:libbar.so.1"];
  await libraries.publish("foo", depends);
  const held = libraries.queue.queue.find("foo");
  assertEquals([held.state, held.hold?.facts[0]?.after], ["held", "lib:libbar.so.1"]);
  await libraries.queue.queue.releaseHeld(held.number, "administrator", "read it");
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  await libraries.change("lib:libbar.so.2", "lib32:libbar.so.1");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
  assertEquals(libraries.recorded, [
    "foo: no repository has lib:libbar.so.1 any more, but lib:libbar.so.2",
  ]);
  const build = await libraries.queue.buildNext([
    await builtPackage("foo", "1.0-1.1", { depends: ["lib:libbar.so.2"] }),
  ]);
  assertEquals([build.state, build.hold], ["published", null]);
});

Deno.test("a package is not rebuilt if its library was missing before, or is gone altogether", async () => {
  await using libraries = await Libraries.open();
  // Like programs that bundle the libraries they are linked with.
  await libraries.publish("bundled", ["libbar.so=7-64"]);
  await libraries.publish("foo", ["libbar.so=1-64", "libbaz.so=1-64"]);
  await libraries.change("libbaz.so=1-64");
  assertEquals(libraries.waiting(), [], "no build could have libbar.so");
  await libraries.change("libbar.so=2-64", "libbaz.so=1-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
});

Deno.test("a library that moves to another repository causes no rebuild", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  await libraries.change("libbaz.so=1-64");
  await libraries.change("libbar.so=1-64", "libbaz.so=1-64");
  await libraries.change("libbar.so=1-64", "libbar.so=2-64");
  assertEquals(libraries.waiting(), []);
});

Deno.test("a rebuild that does not help is held with the reason, and not repeated", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  libraries.missing.add("libbar.so=1-64");
  await libraries.change("libbar.so=2-64");
  const depends = ["libbar.so=1-64"];
  const build = await libraries.queue.buildNext([
    await builtPackage("foo", "1.0-1.1", { depends }),
  ]);
  assertEquals(build.state, "held");
  assertStringIncludes(build.hold!.reason, "the rebuild does not help");
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  await libraries.queue.queue.releaseHeld(build.number, "tests", "it works all the same");
  await libraries.look();
  assertEquals(await libraries.queue.published(), ["foo 1.0-1.1"]);
  assertEquals(libraries.waiting(), []);
  libraries.missing.clear();
  await libraries.change("libbar.so=3-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.2"], "another change is another cause");
});

Deno.test("a failed rebuild is not repeated for the same cause, even after a restart", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  await libraries.change("libbar.so=2-64");
  const { call } = (await libraries.queue.lease())!;
  const failure = { failure: "build_error", step: "building", reason: "no" } as const;
  await libraries.queue.queue.jobs.report(call, { outcome: "failed", ...failure });
  await libraries.look();
  await libraries.reopen();
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  await libraries.change("libbar.so=3-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
});

Deno.test("several packages are rebuilt in dependency order", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("b", ["libbar.so=1-64"]);
  await libraries.publish("a", ["libbar.so=1-64"], ["b"]);
  await libraries.change("libbar.so=2-64");
  assertEquals(libraries.waiting(), ["b 1.0-1.1", "a 1.0-1.1"]);
  const [a] = libraries.queue.queue.all();
  assertStringIncludes(libraries.queue.queue.obstacleOf(a!)!, "it needs b");
});

Deno.test("a library that changes during a build causes a rebuild once that build is published", async () => {
  await using libraries = await Libraries.open();
  await libraries.queue.queue.enqueue(
    await requestFor(libraries.queue, "foo", { srcinfo: SRCINFO }),
  );
  const { call } = (await libraries.queue.lease())!;
  await libraries.change("libbar.so=2-64");
  const depends = ["libbar.so=1-64"];
  await libraries.queue.finish(call, [await builtPackage("foo", "1.0-1", { depends })]);
  await libraries.look();
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
});

Deno.test("an update that waits or is being built makes a rebuild unnecessary", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  const srcinfo = SRCINFO.replace("pkgver = 1.0", "pkgver = 2.0");
  await libraries.queue.enqueue("foo", { srcinfo, version: "2.0-1" });
  await libraries.change("libbar.so=2-64");
  assertEquals(libraries.waiting(), ["foo 2.0-1"]);
  const { call, build } = (await libraries.queue.lease())!;
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  await libraries.queue.queue.cancel(build.number, { by: "tests", reason: "" });
  await libraries.look();
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
  assertEquals(call.builder, "b1");
  // The cancelled update can still be retried.
  await libraries.queue.queue.retry(build.number);
});

Deno.test("a held update stays, and the published package is rebuilt beside it", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  const srcinfo = SRCINFO.replace("pkgver = 1.0", "pkgver = 2.0");
  const update = await libraries.queue.enqueue("foo", { srcinfo, version: "2.0-1" });
  const depends = ["something-new"];
  await libraries.queue.buildNext([await builtPackage("foo", "2.0-1", { depends })]);
  await libraries.change("libbar.so=2-64");
  assertEquals(libraries.waiting(), ["foo 1.0-1.1"]);
  assertEquals(libraries.queue.queue.find(`${update.number}`).state, "held");
});

Deno.test("a package is not rebuilt while it is held or databases are missing, nor once it is removed", async () => {
  await using libraries = await Libraries.open();
  await libraries.publish("foo", ["libbar.so=1-64"]);
  libraries.held.add("foo");
  await libraries.change("libbar.so=2-64");
  assertEquals(libraries.waiting(), []);
  libraries.held.clear();
  const provided = libraries.provided;
  libraries.provided = null;
  await libraries.look();
  assertEquals(libraries.waiting(), []);
  libraries.provided = provided;
  const own = libraries.queue.publishing.repository("aur");
  await own.remove(["foo"], { force: false, by: "tests" });
  await libraries.look();
  assertEquals(libraries.waiting(), []);
});
