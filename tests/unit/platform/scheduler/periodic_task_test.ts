import { assert, assertEquals } from "@std/assert";
import { PeriodicTask } from "../../../../src/platform/scheduler/periodic_task.ts";

/** Timers that go off when the test says so. */
class FakeTimers implements Disposable {
  readonly delays: number[] = [];
  readonly #real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
  #pending: (() => void) | null = null;

  constructor() {
    globalThis.setTimeout = ((callback: () => void, delay: number) => {
      this.delays.push(delay);
      this.#pending = callback;
      return this.delays.length;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = () => this.#pending = null;
  }

  get isSet(): boolean {
    return this.#pending !== null;
  }

  /** Lets the pending timer go off. */
  async goOff(): Promise<void> {
    const callback = this.#pending!;
    this.#pending = null;
    callback();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#real.set;
    globalThis.clearTimeout = this.#real.clear;
  }
}

Deno.test("each run is delayed by a random part of the jitter", async () => {
  using timers = new FakeTimers();
  const randoms = [0, 0.5, 0.999];
  let runs = 0;
  await using _task = new PeriodicTask({
    intervalMs: 1000,
    jitterMs: 200,
    random: () => randoms[runs]!,
    run: () => {
      runs++;
      return Promise.resolve();
    },
  });
  await timers.goOff();
  await timers.goOff();
  assertEquals(runs, 2);
  assertEquals(timers.delays.map(Math.round), [1000, 1100, 1200]);
});

Deno.test("the next wait starts when a run has ended, not before", async () => {
  using timers = new FakeTimers();
  const { promise, resolve } = Promise.withResolvers<void>();
  await using _task = new PeriodicTask({ intervalMs: 1000, jitterMs: 0, run: () => promise });
  await timers.goOff();
  assert(!timers.isSet);
  resolve();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assert(timers.isSet);
});

Deno.test("stopping waits for the current run, and no other follows", async () => {
  using timers = new FakeTimers();
  const { promise, resolve } = Promise.withResolvers<void>();
  const task = new PeriodicTask({ intervalMs: 1000, jitterMs: 0, run: () => promise });
  await timers.goOff();
  let hasStopped = false;
  const stopped = task[Symbol.asyncDispose]().then(() => hasStopped = true);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assert(!hasStopped);
  resolve();
  await stopped;
  assert(!timers.isSet);
});

Deno.test("stopping between runs cancels the next one", async () => {
  using timers = new FakeTimers();
  const task = new PeriodicTask({ intervalMs: 1000, jitterMs: 0, run: () => Promise.resolve() });
  assert(timers.isSet);
  await task[Symbol.asyncDispose]();
  assert(!timers.isSet);
});

Deno.test("a wait beyond the longest timer is split into parts, and kept to its end", async () => {
  using timers = new FakeTimers();
  const longest = 2 ** 31 - 1;
  let runs = 0;
  await using _task = new PeriodicTask({
    intervalMs: 2 * longest,
    jitterMs: 2000,
    random: () => 0.5,
    run: () => {
      runs++;
      return Promise.resolve();
    },
  });
  await timers.goOff();
  await timers.goOff();
  assertEquals([timers.delays, runs], [[longest, longest, 1000], 0]);
  await timers.goOff();
  assertEquals(runs, 1);
});

Deno.test("stopping between the parts of a long wait cancels the run", async () => {
  using timers = new FakeTimers();
  const run = () => Promise.resolve();
  const task = new PeriodicTask({ intervalMs: 2 ** 32, jitterMs: 0, run });
  await timers.goOff();
  assert(timers.isSet);
  await task[Symbol.asyncDispose]();
  assert(!timers.isSet);
});

Deno.test("the first run can have a wait of its own", async () => {
  using timers = new FakeTimers();
  const run = () => Promise.resolve();
  await using _task = new PeriodicTask({ intervalMs: 1000, firstMs: 10, jitterMs: 0, run });
  await timers.goOff();
  await timers.goOff();
  assertEquals(timers.delays, [10, 1000, 1000]);
});
