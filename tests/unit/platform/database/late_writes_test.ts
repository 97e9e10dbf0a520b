import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { LateWrites, type Write } from "../../../../src/platform/database/late_writes.ts";

/** A table of numbers on a disk that a test makes read-only. */
class Numbers implements Disposable {
  readonly database = new DatabaseSync(":memory:");
  readonly events: unknown[] = [];
  readonly writes = new LateWrites(() => this.database, {
    limit: 3,
    onProblem: (reason) => this.events.push(reason),
    onRecovered: (counts) => this.events.push(counts),
  });

  constructor() {
    this.database.exec("CREATE TABLE numbers (number INTEGER)");
  }

  set isReadOnly(isReadOnly: boolean) {
    this.database.exec(`PRAGMA query_only = ${isReadOnly ? 1 : 0}`);
  }

  get all(): number[] {
    return this.database.prepare("SELECT number FROM numbers ORDER BY rowid").all()
      .map(({ number }) => number as number);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

function add(number: number): Write {
  return (database) => database.prepare("INSERT INTO numbers VALUES (?)").run(number);
}

const READ_ONLY = "attempt to write a readonly database";

Deno.test("late writes: rejected writes are written later, in order", () => {
  using numbers = new Numbers();
  const { writes } = numbers;
  writes.write(add(1));
  numbers.isReadOnly = true;
  writes.write(add(2));
  writes.write(add(3));
  assertEquals([numbers.all, writes.problem], [[1], READ_ONLY]);
  numbers.isReadOnly = false;
  writes.write(add(4));
  assertEquals([numbers.all, writes.problem], [[1, 2, 3, 4], null]);
});

Deno.test("late writes: a failure is reported once, and so is its end", () => {
  using numbers = new Numbers();
  const { writes } = numbers;
  for (const _ of [1, 2]) {
    numbers.isReadOnly = true;
    writes.write(add(1));
    assertEquals(writes.flush(), false);
    writes.write(add(2));
    numbers.isReadOnly = false;
    assertEquals(writes.flush(), true);
    assertEquals(numbers.events.splice(0), [READ_ONLY, { written: 2, lost: 0 }]);
  }
});

Deno.test("late writes: waiting writes are limited, and the oldest are lost and counted", () => {
  using numbers = new Numbers();
  numbers.isReadOnly = true;
  for (let number = 1; number <= 5; number++) numbers.writes.write(add(number));
  numbers.isReadOnly = false;
  numbers.writes.flush();
  assertEquals(numbers.all, [3, 4, 5]);
  assertEquals(numbers.events.at(-1), { written: 3, lost: 2 });
});

Deno.test("late writes: an attempt that fails is not repeated later", () => {
  using numbers = new Numbers();
  numbers.isReadOnly = true;
  assertEquals(numbers.writes.attempt(add(1)), false);
  numbers.isReadOnly = false;
  assertEquals(numbers.writes.attempt(add(2)), true);
  assertEquals(numbers.all, [2]);
});

Deno.test("late writes: an invalid write throws, and leaves nothing behind", () => {
  using numbers = new Numbers();
  const wrong: Write = (database) => {
    add(1)(database);
    database.exec("INSERT INTO nowhere VALUES (1)");
  };
  assertThrows(() => numbers.writes.write(wrong), Error, "no such table");
  assertEquals([numbers.all, numbers.writes.problem], [[], null]);
});

Deno.test("late writes: many are written in slices, in order, and rejected ones wait", async () => {
  using numbers = new Numbers();
  const { writes } = numbers;
  await writes.writeInSlices([add(1), add(2)]);
  numbers.isReadOnly = true;
  await writes.writeInSlices([add(3), add(4)]);
  await writes.writeInSlices([add(5), add(6)]);
  assertEquals(numbers.all, [1, 2]);
  numbers.isReadOnly = false;
  await writes.writeInSlices([add(7)]);
  assertEquals(numbers.all, [1, 2, 4, 5, 6, 7]);
  assertEquals(numbers.events, [READ_ONLY, { written: 4, lost: 1 }]);
});

Deno.test("late writes: writes after an invalid one are not lost", async () => {
  using numbers = new Numbers();
  const mistake = () => {
    throw new Error("a mistake");
  };
  await assertRejects(() => numbers.writes.writeInSlices([add(1), mistake, add(2)]), Error);
  await numbers.writes.writeInSlices([add(3)]);
  assertEquals(numbers.all, [1, 2, 3]);
});
