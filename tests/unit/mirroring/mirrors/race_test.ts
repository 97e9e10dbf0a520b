import { assert, assertEquals, assertRejects } from "@std/assert";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import {
  type MirrorFailure,
  NoMirrorError,
  raceMirrors,
  type RaceOptions,
} from "../../../../src/mirroring/mirrors/race.ts";
import { MirrorRefusal } from "../../../../src/mirroring/mirrors/mirror_response.ts";

const RACE_MS = 20;
const NEVER_MS = 60_000;

/** Mirrors that the test answers for, and a record of what a race did with them. */
class Race {
  readonly mirrors: Mirror[];
  readonly asked: string[] = [];
  readonly aborted: string[] = [];
  readonly failed: string[] = [];
  readonly discarded: string[] = [];
  readonly controller = new AbortController();
  readonly #answers = new Map<string, PromiseWithResolvers<string>>();
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  constructor(...names: string[]) {
    this.mirrors = names.map((name) => new Mirror({ name, address: name, urlOf: () => null }));
    for (const name of names) this.#answers.set(name, Promise.withResolvers());
  }

  run(options: Partial<RaceOptions<string>> = {}): Promise<string> {
    const queue = [...this.mirrors];
    return raceMirrors<string>((mirror, { signal }) => this.#ask(mirror, signal), {
      raceTimeoutMs: NEVER_MS,
      deadlineMs: NEVER_MS,
      signal: this.controller.signal,
      next: () => queue.shift() ?? null,
      onFailure: ({ mirror }) => this.failed.push(mirror.name),
      settled: () => false,
      exhausted: (failures) => new NoMirrorError("it", failures, false),
      discard: (value) => this.discarded.push(value),
      ...options,
    });
  }

  answer(name: string): void {
    this.#answers.get(name)!.resolve(name);
  }

  fail(name: string, error: Error = new Error(`${name} is broken`)): void {
    this.#answers.get(name)!.reject(error);
  }

  /** Resolves once `count` mirrors have been asked. */
  async untilAsked(count: number): Promise<void> {
    if (this.asked.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  #ask({ name }: Mirror, signal: AbortSignal): Promise<string> {
    this.asked.push(name);
    signal.addEventListener("abort", () => this.aborted.push(name));
    for (const { count, resolve } of this.#waiting) if (this.asked.length >= count) resolve();
    return this.#answers.get(name)!.promise;
  }
}

Deno.test("a mirror that answers in time is the only one asked", async () => {
  const race = new Race("a", "b");
  race.answer("a");
  assertEquals(await race.run(), "a");
  assertEquals([race.asked, race.aborted, race.failed], [["a"], [], []]);
});

Deno.test("the next mirror is asked as soon as one fails", async () => {
  const race = new Race("a", "b", "c");
  race.fail("a");
  race.fail("b");
  race.answer("c");
  assertEquals(await race.run(), "c");
  assertEquals([race.asked, race.failed], [["a", "b", "c"], ["a", "b"]]);
});

Deno.test("a silent mirror is raced by the next, and the loser is aborted and marked", async () => {
  const race = new Race("a", "b");
  race.answer("b");
  assertEquals(await race.run({ raceTimeoutMs: RACE_MS }), "b");
  assertEquals([race.asked, race.aborted, race.failed], [["a", "b"], ["a"], ["a"]]);
});

Deno.test("a silent mirror that answers after all wins, and the one beside it is not marked", async () => {
  const race = new Race("a", "b");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  race.answer("a");
  assertEquals(await running, "a");
  assertEquals([race.aborted, race.failed], [["b"], []]);
});

Deno.test("every mirror that was silent for too long is marked, even if others failed meanwhile", async () => {
  const race = new Race("a", "b", "c", "d");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  race.fail("a");
  await race.untilAsked(4);
  race.answer("d");
  assertEquals(await running, "d");
  assertEquals(race.failed.toSorted(), ["a", "b", "c"].slice(0, race.failed.length));
  assert(race.failed.includes("b"), "b was silent as long as a");
});

Deno.test("an answer that comes after another has won is discarded", async () => {
  const race = new Race("a", "b");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  race.answer("b");
  race.answer("a");
  assertEquals(await running, "b");
  await Promise.resolve();
  assertEquals(race.discarded, ["a"]);
});

Deno.test("a loser that fails after the race is not marked again", async () => {
  const race = new Race("a", "b");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  race.answer("b");
  await running;
  race.fail("a");
  await Promise.resolve();
  assertEquals(race.failed, ["a"], "marked once, for being late");
});

Deno.test("the error when all have failed names each mirror and its reason", async () => {
  const race = new Race("a", "b");
  race.fail("a");
  race.fail("b", new MirrorRefusal("missing", "answered 404"));
  const error = await assertRejects(() => race.run(), NoMirrorError);
  assertEquals(error.message, "Cannot get it: a: a is broken; b: answered 404.");
  assertEquals(error.kind, "upstream");
});

Deno.test("the next mirror is chosen by the failures before", async () => {
  const race = new Race("a", "b");
  const seen: string[][] = [];
  const queue = [...race.mirrors];
  race.fail("a");
  race.fail("b");
  const next = (failures: readonly MirrorFailure[]) => {
    seen.push(failures.map(({ mirror }) => mirror.name));
    return queue.shift() ?? null;
  };
  await assertRejects(() => race.run({ next }), NoMirrorError);
  assertEquals(seen, [[], ["a"], ["a", "b"]]);
});

Deno.test("a silent mirror is awaited when the others have failed", async () => {
  const race = new Race("a", "b");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  race.fail("b");
  await Promise.resolve();
  race.answer("a");
  assertEquals(await running, "a");
});

Deno.test("a silent mirror is not awaited when the others' failures suffice", async () => {
  const race = new Race("a", "b");
  const running = race.run({
    raceTimeoutMs: RACE_MS,
    settled: (failures) => failures.length > 0,
  });
  await race.untilAsked(2);
  race.fail("b");
  await assertRejects(() => running, NoMirrorError, "b is broken");
  assertEquals([race.aborted, race.failed], [["a"], ["b"]]);
});

Deno.test("all mirrors are aborted and marked at the deadline", async () => {
  const race = new Race("a", "b");
  const error = await assertRejects(
    () => race.run({ raceTimeoutMs: RACE_MS, deadlineMs: 3 * RACE_MS }),
    NoMirrorError,
  );
  assertEquals(error.kind, "upstream_timeout");
  assertEquals([race.aborted, race.failed], [["a", "b"], ["a", "b"]]);
});

Deno.test("an abort ends the race with its reason and marks nobody", async () => {
  const race = new Race("a", "b");
  const running = race.run({ raceTimeoutMs: RACE_MS });
  await race.untilAsked(2);
  const reason = new Error("the daemon stops");
  race.controller.abort(reason);
  assertEquals(await running.catch((error) => error), reason);
  assertEquals([race.aborted, race.failed], [["a", "b"], []]);
});

Deno.test("no mirror is asked after an abort", async () => {
  const race = new Race("a");
  race.controller.abort(new Error("the daemon stops"));
  await assertRejects(() => race.run(), Error, "the daemon stops");
  assertEquals(race.asked, []);
});

Deno.test("a race without mirrors ends at once", async () => {
  const error = await assertRejects(() => new Race().run(), NoMirrorError);
  assertEquals(error.message, "Cannot get it: no mirror is available.");
});
