import { type Behaviour, FakeMirror } from "../support/fake_mirror.ts";

const LATENCY_MS = 150;
const SLOW_BYTES_PER_SECOND = 2_000_000;
const FAST_BYTES_PER_SECOND = 20_000_000;
/** Of the flaky mirror, one request in so many fails. */
const FAILURE_PERIOD = 5;

const FAILURES: readonly Behaviour[] = [
  { kind: "status", code: 503 },
  { kind: "cutAfter", bytes: 300_000 },
  { kind: "refuse" },
  { kind: "stallAfter", bytes: 300_000 },
];

/** Three mirrors on loopback: a fast one, a slow one, and one that fails now and then. */
export class DemoMirrors implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack;
  readonly fast: FakeMirror;
  readonly slow: FakeMirror;
  readonly flaky: FakeMirror;

  private constructor(
    { fast, slow, flaky }: Record<"fast" | "slow" | "flaky", FakeMirror>,
    resources: AsyncDisposableStack,
  ) {
    this.fast = fast;
    this.slow = slow;
    this.flaky = flaky;
    this.#resources = resources;
  }

  static async start(): Promise<DemoMirrors> {
    await using resources = new AsyncDisposableStack();
    const [fast, slow, flaky] = [
      resources.use(await FakeMirror.start()),
      resources.use(await FakeMirror.start()),
      resources.use(await FakeMirror.start()),
    ];
    return new DemoMirrors({ fast, slow, flaky }, resources.move());
  }

  /** From now on, the mirrors are what their names say; before, all of them are fast and reliable. */
  beginFaults(): void {
    this.fast.behave("*", paced(FAST_BYTES_PER_SECOND));
    this.slow.behave("*", [
      { kind: "hangBeforeHeaders", milliseconds: LATENCY_MS },
      paced(SLOW_BYTES_PER_SECOND),
    ]);
    this.flaky.behave("*", paced(FAST_BYTES_PER_SECOND));
    void failNowAndThen(this.flaky);
  }

  get all(): readonly FakeMirror[] {
    return [this.fast, this.slow, this.flaky];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

function paced(bytesPerSecond: number): Behaviour {
  return { kind: "slow", bytesPerSecond };
}

/** Makes every fifth request fail, each time in another way, as long as requests come. */
async function failNowAndThen(mirror: FakeMirror): Promise<never> {
  const before = mirror.count();
  for (let round = 1;; round++) {
    await mirror.waitForRequest("*", before + round * FAILURE_PERIOD - 1);
    mirror.behave("*", FAILURES[round % FAILURES.length]!, 1);
  }
}
