import { assertEquals } from "@std/assert";
import { inTurn } from "../../../../src/mirroring/databases/in_turn.ts";
import { Pace } from "../../../../src/mirroring/databases/pace.ts";

/** An attempt that ends when the test says so. */
interface Open {
  candidate: string;
  pace: Pace;
  signal: AbortSignal;
  end: (result: string) => void;
}

/** Runs attempts for `candidates`; `begun` resolves to the n-th that has begun. */
function start(candidates: string[]) {
  const opened = candidates.map(() => Promise.withResolvers<Open>());
  const slow: string[] = [];
  const over = new AbortController();
  let count = 0;
  const attempts = inTurn<string, string>({
    candidates: [...candidates],
    attempt: (candidate, pace, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      signal.addEventListener("abort", () => reject(signal.reason));
      opened[count++]!.resolve({ candidate, pace, signal, end: resolve });
      return promise;
    },
    onSlow: (candidate) => slow.push(candidate),
    raceTimeoutMs: 10,
    budgetMs: 1_000,
    signal: over.signal,
  });
  return {
    attempts,
    slow,
    over,
    begun: (index: number) => opened[index]!.promise,
    count: () => count,
  };
}

Deno.test("the next mirror is asked when one has ended, and not before", async () => {
  const { attempts, begun, count } = start(["one", "two"]);
  const first = attempts.next();
  (await begun(0)).end("nothing");
  assertEquals((await first).value, { candidate: "one", result: "nothing" });
  assertEquals(count(), 1);
  const second = attempts.next();
  (await begun(1)).end("something");
  assertEquals((await second).value, { candidate: "two", result: "something" });
  assertEquals((await attempts.next()).done, true);
});

Deno.test("a mirror that owes a response is raced, and whoever is first ends the other", async () => {
  const { attempts, begun, slow } = start(["silent", "quick"]);
  const first = attempts.next();
  const silent = await begun(0);
  silent.pace.recordRequest();
  (await begun(1)).end("all");
  assertEquals((await first).value, { candidate: "quick", result: "all" });
  assertEquals(silent.signal.aborted, false);
  await attempts.return(undefined);
  assertEquals([silent.signal.aborted, slow], [true, ["silent"]]);
});

Deno.test("of three slow mirrors the slowest is abandoned, so that it does not share the line", async () => {
  const { attempts, begun, slow } = start(["trickles", "slower", "quick"]);
  const first = attempts.next();
  const sending = [100, 10];
  for (const [index, bytes] of sending.entries()) {
    const { pace } = await begun(index);
    pace.recordResponse(1_000_000);
    pace.add(bytes);
  }
  (await begun(2)).end("all");
  assertEquals((await first).value, { candidate: "quick", result: "all" });
  assertEquals(slow, ["slower"]);
  await attempts.return(undefined);
  assertEquals(slow, ["slower", "trickles"]);
});

Deno.test("a stop ends all attempts", async () => {
  const { attempts, begun, over } = start(["one"]);
  const first = attempts.next();
  const { signal } = await begun(0);
  over.abort(new Error("stopped"));
  assertEquals(signal.aborted, true);
  assertEquals((await first).value, { candidate: "one", error: over.signal.reason });
});

Deno.test("a copy is late if it will not finish in time, not because it is large", () => {
  let now = 0;
  const pace = new Pace(() => now);
  const limits = { raceTimeoutMs: 1_000, budgetMs: 5_000 };
  pace.recordRequest();
  now = 999;
  assertEquals(pace.isLate(limits), false);
  now = 1_000;
  assertEquals(pace.isLate(limits), true);
  pace.recordResponse(400);
  pace.add(100);
  now = 1_999;
  // Too early to tell.
  assertEquals(pace.isLate(limits), false);
  now = 2_000;
  assertEquals([pace.remainingMs, pace.isLate(limits)], [3_000, false]);
  now = 2_100;
  assertEquals(pace.isLate(limits), true);
  pace.add(100);
  assertEquals(pace.isLate(limits), false);
});
