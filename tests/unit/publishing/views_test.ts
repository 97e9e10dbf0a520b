import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { type ErrorKind, PkgstashError } from "../../../src/errors.ts";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import { viewedFileAt } from "../../../src/repositories/view.ts";
import { type OwnPackage, ownPackage } from "../../support/own_package.ts";
import { addPackages, openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const NOON = "T12:00:00Z";

/** A repository "mine" in front of a client, and a clock that the test sets. */
class Calendar {
  time = Date.parse(`2026-11-10${NOON}`);
  publishing!: Publishing;
  mine!: OwnRepository;

  /** Publishes packages at a time. */
  async publish(time: string, packages: readonly OwnPackage[], consent = {}): Promise<void> {
    this.time = Date.parse(time);
    await addPackages(this.publishing, this.mine, packages, consent);
  }

  /** What a client gets for a path such as `mine@2026-11-20/os/x86_64/mine.db`. */
  async get(path: string, port = 1): Promise<Uint8Array> {
    const { file, view } = viewedFileAt(path, this.publishing.tree)!;
    const request = new Request(`http://localhost/${path}`);
    const client = { hostname: "192.0.2.1", port };
    const response = await this.publishing.respond(file, request, client, view);
    assertEquals(response.status, 200);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** The packages that the database of a view lists, as `name version`. */
  async listed(view: string): Promise<string[]> {
    const bytes = await this.get(`mine@${view}/os/x86_64/mine.db`);
    const { packages } = await readSyncDb(new Response(bytes.slice()).body!);
    return packages!.map(({ name, version }) => `${name} ${version}`);
  }

  async refusal(view: string, file = "mine.db"): Promise<[ErrorKind, string]> {
    const error = await assertRejects(
      () => this.get(`mine@${view}/os/x86_64/${file}`),
      PkgstashError,
    );
    return [error.kind, error.message];
  }
}

async function withCalendar(
  run: (calendar: Calendar, root: string) => Promise<void>,
  table: Record<string, unknown> = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  const calendar = new Calendar();
  const root = folder.join("state");
  calendar.publishing = await openPublishing(root, { now: () => calendar.time });
  try {
    calendar.mine = await calendar.publishing.create("mine", table, "tests");
    await run(calendar, root);
  } finally {
    await calendar.publishing.stop();
  }
}

Deno.test("a view has the state served at the end of its day, with signatures and packages", async () => {
  await withCalendar(async (calendar) => {
    await calendar.publish(`2026-11-19${NOON}`, [await ownPackage("foo", "1.0-1")]);
    await calendar.publish("2026-11-20T23:59:59Z", [await ownPackage("foo", "2.0-1")]);
    await calendar.publish("2026-11-21T00:00:00Z", [await ownPackage("foo", "3.0-1")]);
    assertEquals(await calendar.listed("2026-11-19"), ["foo 1.0-1"]);
    assertEquals(await calendar.listed("2026-11-20"), ["foo 2.0-1"]);
    assertEquals(await calendar.listed("2026-11-20T23:58Z"), ["foo 1.0-1"]);
    assertEquals(await calendar.listed("2026-11-20T23:59:59Z"), ["foo 2.0-1"]);
    assertEquals(await calendar.listed("3"), ["foo 2.0-1"]);
    assertEquals(await calendar.listed("2026-11-21"), ["foo 3.0-1"], "today is what is served");
    const { signing } = calendar.publishing;
    const at = (file: string) => calendar.get(`mine@2026-11-20/os/x86_64/${file}`);
    for (const file of ["mine.db", "mine.files", "foo-2.0-1-x86_64.pkg.tar.gz"]) {
      await signing.verify(await at(file), await at(`${file}.sig`));
    }
  });
});

Deno.test("a view never changes once its day is over, whatever is published", async () => {
  await withCalendar(async (calendar) => {
    const first = await ownPackage("foo", "1.0-1");
    await calendar.publish(`2026-11-20${NOON}`, [first, await ownPackage("bar")]);
    calendar.time = Date.parse("2026-11-21T00:00:00Z");
    const files = ["mine.db", "mine.db.sig", "mine.files", "mine.files.sig", first.fileName];
    const all = () =>
      Promise.all(files.map((file) => calendar.get(`mine@2026-11-20/os/x86_64/${file}`)));
    const before = await all();
    await calendar.publish(
      "2026-11-21T00:00:00Z",
      [await ownPackage("foo", "1.0-1", { content: "other bytes, same name" })],
      { replace: true },
    );
    assertEquals(await all(), before);
    await calendar.mine.remove(["bar"], { force: false, by: "tests" });
    await calendar.mine.rollback(1, "tests");
    assertEquals(await all(), before);
    // The clock is set back by some minutes, into the day that was over.
    await calendar.publish("2026-11-20T23:55:00Z", [await ownPackage("late")]);
    calendar.time = Date.parse("2026-11-21T00:10:00Z");
    assertEquals(await all(), before);
  });
});

Deno.test("a view of a time not kept or in the future is refused with the reason", async () => {
  await withCalendar(async (calendar) => {
    for (const day of ["19", "20", "21", "22"]) {
      await calendar.publish(`2026-11-${day}${NOON}`, [await ownPackage("foo", `${day}.0-1`)]);
    }
    // Only the last two are kept.
    const [kind, message] = await calendar.refusal("2026-11-20");
    assertEquals(kind, "not_found");
    assertMatch(message, /begin at 2026-11-21T12:00:00\.000Z; keep_generations/);
    assertEquals(await calendar.listed("2026-11-21"), ["foo 21.0-1"]);
    assertMatch((await calendar.refusal("3"))[1], /Those from 4 to 5 are kept/);
    assertMatch((await calendar.refusal("2026-11-23"))[1], /is in the future/);
    assertMatch((await calendar.refusal("2026-11-22T12:01Z"))[1], /is in the future/);
    const gone = "foo-20.0-1-x86_64.pkg.tar.gz";
    assertMatch(
      (await calendar.refusal("2026-11-21", gone))[1],
      /Cannot get foo-20.*mine@2026-11-21 did not have it/,
    );
  }, { keep_generations: 2 });
});

Deno.test("the views of the last keep_days days are kept, however much is published", async () => {
  await withCalendar(async (calendar) => {
    for (const day of ["18", "19", "20", "21", "22"]) {
      for (const hour of ["10", "11", "12"]) {
        const foo = await ownPackage("foo", `${day}.${hour}-1`);
        await calendar.publish(`2026-11-${day}T${hour}:00:00Z`, [foo]);
      }
    }
    assertEquals(await calendar.listed("2026-11-20"), ["foo 20.12-1"]);
    assertEquals(await calendar.listed("2026-11-21"), ["foo 21.12-1"]);
    const [kind, message] = await calendar.refusal("2026-11-19");
    assertEquals(kind, "not_found");
    assertMatch(message, /keep_generations and keep_days determine/);
  }, { keep_generations: 2, keep_days: 2 });
});

Deno.test("a client that began with a view gets the rest of it, even after midnight", async () => {
  await withCalendar(async (calendar) => {
    const path = "mine@2026-11-20/os/x86_64";
    await calendar.publish(`2026-11-20${NOON}`, [await ownPackage("foo", "1.0-1")]);
    const database = await calendar.get(`${path}/mine.db`);
    await calendar.publish("2026-11-20T23:59:59Z", [await ownPackage("foo", "2.0-1")]);
    calendar.time = Date.parse("2026-11-21T00:00:01Z");
    const { signing } = calendar.publishing;
    await signing.verify(database, await calendar.get(`${path}/mine.db.sig`));
    await calendar.get(`${path}/foo-1.0-1-x86_64.pkg.tar.gz`);
    assertEquals(await calendar.listed("2026-11-20"), ["foo 2.0-1"]);
  });
});

Deno.test("a view that a damaged generation makes doubtful is refused", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const calendar = new Calendar();
  const open = async () => {
    calendar.publishing = await openPublishing(root, { now: () => calendar.time });
  };
  await open();
  calendar.mine = await calendar.publishing.create("mine", {}, "tests");
  for (const day of ["19", "20", "21"]) {
    await calendar.publish(`2026-11-${day}${NOON}`, [await ownPackage("foo", `${day}.0-1`)]);
  }
  await calendar.publishing.stop();
  const { layout } = calendar.mine;
  await Deno.writeTextFile(join(layout.generation(3), "generation.json"), "{");
  await open();
  const [kind, message] = await calendar.refusal("2026-11-20");
  assertEquals(kind, "storage");
  assertMatch(message, /generation 3 is damaged/);
  assertEquals(await calendar.listed("2026-11-21"), ["foo 21.0-1"]);
  assertEquals(await calendar.listed("2"), ["foo 19.0-1"]);
  assert((await calendar.refusal("3"))[1].includes("no such generation"));
  await calendar.publishing.stop();
});
