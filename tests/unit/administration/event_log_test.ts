import { assert, assertEquals, assertRejects } from "@std/assert";
import type { NewEvent } from "../../../src/administration/event.ts";
import { EventLog } from "../../../src/administration/event_log.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { TempFolder } from "../../support/temp_folder.ts";

function event(action: string): NewEvent {
  return { who: "administrator", address: "127.0.0.1", action, request: "PUT /", details: {} };
}

async function actionsIn(log: EventLog, limit = 1000): Promise<string[]> {
  return (await log.list({ limit })).map(({ action }) => action);
}

function namesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
}

Deno.test("events are listed newest first, from any number on", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path);
  assertEquals(await log.list({ limit: 10 }), []);
  for (const action of ["a", "b", "c", "d"]) await log.record(event(action));
  assertEquals(await actionsIn(log), ["d", "c", "b", "a"]);
  const page = await log.list({ limit: 2, before: 4 });
  assertEquals(page.map(({ number, action }) => [number, action]), [[3, "c"], [2, "b"]]);
});

Deno.test("a list includes everything that happened before it was requested, on disk or not", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path);
  const recorded = [log.record(event("a")), log.recordActivity(event("b"))];
  assertEquals(await actionsIn(log), ["b", "a"]);
  await Promise.all(recorded);
});

Deno.test("an event is on disk when it is recorded, for its owner only", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.join("events"));
  await log.record({ ...event("a\nb"), details: { "\u2028": "\r\n" } });
  const [name] = namesIn(folder.join("events"));
  const path = folder.join("events", name!);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  const text = await Deno.readTextFile(path);
  assertEquals(text.split("\n").length, 2);
  assertEquals((await new EventLog(folder.join("events")).list({ limit: 1 }))[0]!.details, {
    "\u2028": "\r\n",
  });
});

Deno.test("concurrent events are written together, in order", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path);
  const actions = Array.from({ length: 200 }, (_, index) => `${index}`);
  await Promise.all(actions.map((action) => log.record(event(action))));
  assertEquals(await actionsIn(log), actions.toReversed());
});

Deno.test("numbers continue after a restart, and a line cut off by a crash is dropped", async () => {
  await using folder = await TempFolder.create();
  await new EventLog(folder.path).record(event("a"));
  const path = folder.join(namesIn(folder.path)[0]!);
  await Deno.writeTextFile(path, '{"number":2,"at":"20', { append: true });
  const log = new EventLog(folder.path);
  assertEquals(await actionsIn(log), ["a"]);
  await log.record(event("b"));
  assertEquals((await log.list({ limit: 9 })).map(({ number }) => number), [2, 1]);
  assertEquals(await actionsIn(new EventLog(folder.path)), ["b", "a"]);
});

Deno.test("the log is bounded: full files are followed by new ones, and the oldest are removed", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path, { maxFileBytes: 1, maxFiles: 3 });
  for (const action of ["a", "b", "c", "d", "e"]) await log.record(event(action));
  assertEquals(namesIn(folder.path), [3, 4, 5].map((first) => `000000000${first}.jsonl`));
  assertEquals(await actionsIn(log), ["e", "d", "c"]);
  assertEquals(await actionsIn(log, 2), ["e", "d"]);
  const restarted = new EventLog(folder.path, { maxFileBytes: 1, maxFiles: 3 });
  await restarted.record(event("f"));
  assertEquals((await restarted.list({ limit: 1 }))[0]!.number, 6);
});

Deno.test("an event that the disk rejects is not recorded, and later ones are", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("events");
  await Deno.writeTextFile(path, "in the way");
  const log = new EventLog(path);
  const error = await assertRejects(() => log.record(event("a")), PkgstashError);
  assertEquals(error.kind, "storage");
  assert(error.message.includes("audit log"));
  await Deno.remove(path);
  await log.record(event("b"));
  assertEquals(await actionsIn(log), ["b"]);
});

Deno.test("a foreign file and a damaged line are skipped", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("notes.txt"), "x\n");
  await Deno.writeTextFile(folder.join("0000000001.jsonl"), "damaged\n[]\n");
  const log = new EventLog(folder.path);
  await log.record(event("a"));
  assertEquals(await actionsIn(log), ["a"]);
});

Deno.test("changes and what the daemon did are listed together, in their order", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path);
  for (const [index, action] of ["a", "b", "c", "d", "e"].entries()) {
    if (index % 2 === 0) await log.record(event(action));
    else await log.recordActivity({ ...event(action), kind: "refresh" });
  }
  const restarted = new EventLog(folder.path);
  await restarted.recordActivity({ ...event("f"), kind: "build" });
  const all = await restarted.list({ limit: 10 });
  assertEquals(all.map(({ number, kind, action }) => [number, kind, action]), [
    [6, "build", "f"],
    [5, "change", "e"],
    [4, "refresh", "d"],
    [3, "change", "c"],
    [2, "refresh", "b"],
    [1, "change", "a"],
  ]);
  const page = await restarted.list({ limit: 2, before: 5 });
  assertEquals(page.map(({ number }) => number), [4, 3]);
});

Deno.test("no amount of activity displaces a change", async () => {
  await using folder = await TempFolder.create();
  const log = new EventLog(folder.path, { maxFileBytes: 500, maxFiles: 2, maxActivityFiles: 2 });
  await log.record(event("first"));
  for (let number = 0; number < 100; number++) {
    await log.recordActivity({ ...event("noise"), kind: "download" });
  }
  await log.record(event("second"));
  const changes = await log.list({ limit: 10, kinds: ["change"] });
  assertEquals(changes.map(({ number, action }) => [number, action]), [[102, "second"], [
    1,
    "first",
  ]]);
  assert((await log.list({ limit: 1000, kinds: ["download"] })).length < 20, "it has a bound");
});

Deno.test("events are found by kind, words, who, and time", async (t) => {
  await using folder = await TempFolder.create();
  let now = Date.UTC(2026, 10, 29, 12);
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const log = new EventLog(folder.path, { clock });
  await log.record({ ...event("Pin packages"), details: { pattern: 'Linux "x"' } });
  now += 3_600_000;
  await log.record({ ...event("Sign in"), kind: "login", who: "laptop", address: "10.0.0.7" });
  now += 3_600_000;
  await log.recordActivity({ ...event("Clean up"), kind: "cleanup", who: "pkgstash" });
  const all = ["Clean up", "Sign in", "Pin packages"];
  for (
    const [query, actions] of [
      [{}, all],
      [{ kinds: ["login", "cleanup"] }, ["Clean up", "Sign in"]],
      [{ words: ["LINUX", "pin"] }, ["Pin packages"]],
      [{ words: ['"x"'] }, ["Pin packages"]],
      [{ words: ["10.0.0.7"] }, ["Sign in"]],
      // Names of properties are no text of an event.
      [{ words: ["details"] }, []],
      [{ who: "laptop" }, ["Sign in"]],
      [{ since: Date.UTC(2026, 10, 29, 13) }, ["Clean up", "Sign in"]],
      [{ until: Date.UTC(2026, 10, 29, 13) }, ["Pin packages"]],
      [{ since: Date.UTC(2026, 10, 29, 13), until: Date.UTC(2026, 10, 29, 14) }, ["Sign in"]],
    ] as const
  ) {
    await t.step(JSON.stringify(query), async () => {
      const found = await log.list({ limit: 10, ...query });
      assertEquals(found.map(({ action }) => action), [...actions]);
    });
  }
});

Deno.test("an event of an older version is a change", async () => {
  await using folder = await TempFolder.create();
  const { kind: _, ...old } = { ...event("a"), kind: "change", number: 1, at: "2026-01-01" };
  await Deno.writeTextFile(folder.join("0000000001.jsonl"), `${JSON.stringify(old)}\n`);
  const [found] = await new EventLog(folder.path).list({ limit: 1, kinds: ["change"] });
  assertEquals(found?.action, "a");
});
