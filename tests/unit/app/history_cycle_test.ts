import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import type { SyncDbPackage } from "../../../src/formats/pacman/sync_db.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../support/real_data.ts";
import { signatureOf } from "../mirroring/databases/changing_repository.ts";
import { TestApp } from "../../support/test_app.ts";
import { administer, TOKEN } from "./administration.ts";
import { HistoryExpectation } from "./history_expectation.ts";
import {
  DIRECTORY,
  HistoryMirror,
  isSigned,
  readPool,
  readRevisions,
  type Revision,
} from "./history_revisions.ts";

/** What a client takes whenever it is there and nothing of it is cached or awaited. */
const TAKEN = [
  "arch-calamares-config",
  "ayatana-webmail",
  "libdigidocpp",
  "libnick",
  "protonup-qt",
  "python-inputs",
  "python-steam",
  "python-vdf",
  "qdigidoc4",
  "syncthingtray-qt6",
  "temp-throttle",
  "xml-security-c",
];

/** Revisions whose packages come to the mirror only with the next: rebuilds and new versions. */
const LATE = [37, 39, 47, 54, 65, 75];

/** What all refreshes came to. */
interface Totals {
  prefetched: number;
  rebuilt: number;
  removed: number;
  missing: number;
  races: number;
}

/** The daemon and its mirror on the way through the history, and what there should be. */
class Journey {
  readonly totals: Totals = { prefetched: 0, rebuilt: 0, removed: 0, missing: 0, races: 0 };
  readonly #mirror: HistoryMirror;
  readonly #expectation: HistoryExpectation;
  #seen = 0;

  constructor(
    private readonly app: TestApp,
    private readonly pool: Awaited<ReturnType<typeof readPool>>,
    keepVersions: number,
  ) {
    this.#mirror = new HistoryMirror(app.mirror, pool);
    this.#expectation = new HistoryExpectation(keepVersions);
  }

  async goTo(revision: Revision, previous: Revision | null): Promise<void> {
    const { number, packages } = revision;
    const label = `revision ${number}`;
    this.#mirror.publish(revision, { late: LATE.includes(number) });
    // Now and then a client is the first to ask for the new database.
    if (number % 3 === 0) await this.#assertDatabases(revision);

    const expected = this.#expectation.refresh(packages, this.#mirror.offered);
    const isInTime = expected.rebuilt.every((fileName) => expected.fetched.includes(fileName));
    const refresh = administer(this.app.origin, "/api/refresh");
    let isOver = false;
    const over = refresh.finally(() => isOver = true);
    while (!isOver && previous !== null && isInTime && expected.rebuilt.length > 0) {
      for (const fileName of expected.rebuilt) await this.#race(fileName, revision, previous);
    }
    const { status, text } = await over;
    assertEquals([status, text], [204, ""], label);

    assertEquals(this.#askedFor(), expected.wanted.toSorted(), `asked of the mirror, ${label}`);
    await this.#assertOnDisk(label);
    await this.#assertDatabases(revision);
    for (const fileName of expected.rebuilt) await this.#assertNeverOld(fileName, packages, label);
    // Of those that could not be prefetched, clients ask in vain.
    this.#askedFor();
    for (const entry of packages) await this.#take(entry, label);

    const { totals } = this;
    totals.prefetched += expected.fetched.length;
    totals.rebuilt += expected.rebuilt.length;
    totals.removed += expected.removed.length;
    totals.missing += expected.wanted.length - expected.fetched.length;
  }

  /** Who has got a database gets no older content than it says, whatever goes on. */
  async #race(fileName: string, revision: Revision, previous: Revision): Promise<void> {
    const database = await this.app.get(`/${DIRECTORY}/archpro_repo.db`);
    const answer = await this.app.get(`/${DIRECTORY}/${fileName}`);
    assertEquals([database.status, answer.status], [200, 200], fileName);
    const isNew = sha256Of(database.body) === sha256Of(revision.db);
    if (!isNew) assertEquals(database.body, previous.db);
    const allowed = (isNew ? [revision] : [revision, previous])
      .map(({ packages }) => packages.find((entry) => entry.fileName === fileName)?.sha256sum);
    assert(allowed.includes(sha256Of(answer.body)), `${fileName} of before its database`);
    this.totals.races++;
  }

  /** The packages asked of the mirror since the last look, each once. */
  #askedFor(): string[] {
    const requests = this.app.mirror.requests.slice(this.#seen);
    this.#seen = this.app.mirror.requests.length;
    return requests.filter(({ path }) => /\.pkg\.tar\.[a-z0-9]+$/.test(path))
      .map(({ path }) => decodeURIComponent(path.slice(path.lastIndexOf("/") + 1))).sort();
  }

  /** There is what should be there and nothing else, and every byte of it is right. */
  async #assertOnDisk(label: string): Promise<void> {
    const expected: string[] = [];
    for (const [fileName, { sha256 }] of this.#expectation.cached) {
      expected.push(fileName, ...isSigned(sha256) ? [`${fileName}.sig`] : []);
    }
    const directory = this.app.pathOf(DIRECTORY);
    const onDisk = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
    assertEquals(onDisk.map(({ name }) => name).sort(), expected.sort(), `on disk, ${label}`);
    for (const [fileName, { sha256 }] of this.#expectation.cached) {
      const bytes = await Deno.readFile(`${directory}/${fileName}`);
      assertEquals(sha256Of(bytes), sha256, `${fileName}, ${label}`);
      if (!isSigned(sha256)) continue;
      const signature = await Deno.readFile(`${directory}/${fileName}.sig`);
      assertEquals(signature, signatureOf(bytes), `${fileName}.sig, ${label}`);
    }
  }

  async #assertDatabases({ db, files, number }: Revision): Promise<void> {
    for (const [member, bytes] of Object.entries({ db, files })) {
      const { status, body } = await this.app.get(`/${DIRECTORY}/archpro_repo.${member}`);
      assertEquals([status, sha256Of(body)], [200, sha256Of(bytes)], `${member} of ${number}`);
    }
  }

  async #assertNeverOld(
    fileName: string,
    packages: readonly SyncDbPackage[],
    label: string,
  ): Promise<void> {
    const { sha256sum } = packages.find((entry) => entry.fileName === fileName)!;
    const { status, body } = await this.app.get(`/${DIRECTORY}/${fileName}`);
    if (this.#expectation.cached.has(fileName)) {
      assertEquals([status, sha256Of(body)], [200, sha256sum], `${fileName}, ${label}`);
    } else {
      assertEquals(status, 502, `${fileName}, ${label}`);
    }
  }

  /** A client takes a package and its signature; the rest is up to the daemon. */
  async #take(entry: SyncDbPackage, label: string): Promise<void> {
    const { name, fileName, sha256sum } = entry;
    if (!TAKEN.includes(name) || this.#expectation.isFollowed(name)) return;
    const isOffered = this.#mirror.offered.get(fileName) === sha256sum;
    const answer = await this.app.warm(`/${DIRECTORY}/${fileName}`);
    assertEquals(answer.status, isOffered ? 200 : 404, `${fileName}, ${label}`);
    assertEquals(this.#askedFor(), [fileName], `${fileName}, ${label}`);
    if (!isOffered) return;
    assertEquals(answer.body, this.pool.get(sha256sum!));
    const { status } = await this.app.warm(`/${DIRECTORY}/${fileName}.sig`);
    assertEquals(status, isSigned(sha256sum!) ? 200 : 404);
    this.#expectation.took(entry);
  }
}

for (const keepVersions of [0, 1]) {
  Deno.test({
    name: "through the history of a real repository, what is prefetched and removed is what its " +
      `databases say, with keep_versions = ${keepVersions}${REAL_DATA_NOTE}`,
    ignore: REAL_DATA_MISSING,
    async fn() {
      await using app = await TestApp.start({
        token: TOKEN,
        settings: {
          keep_versions: keepVersions,
          database_max_age: "0s",
          refresh_interval: "0",
          prefetch_max_idle: "0",
          prefetch_max_unused: 0,
          min_free_space: "0",
        },
        tables: () => `mirrored_repos = ["archpro_repo"]\n`,
      });
      const [revisions, pool] = await Promise.all([readRevisions(), readPool()]);
      const journey = new Journey(app, pool, keepVersions);
      for (const [index, revision] of revisions.entries()) {
        await journey.goTo(revision, revisions[index - 1] ?? null);
      }
      // The history is one in which this is worth testing.
      const { prefetched, rebuilt, removed, missing, races } = journey.totals;
      // One more with nothing new costs one question.
      app.mirror.requests.length = 0;
      assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
      assertEquals(app.mirror.requests.map(({ method, path }) => `${method} ${path}`), [
        `HEAD /${DIRECTORY}/archpro_repo.db`,
      ]);
      assert(
        prefetched > 20 && rebuilt > 10 && removed > 4 && missing > 4 && races > 10,
        JSON.stringify(journey.totals),
      );
      assertEquals(app.log.matching(/ERROR/), []);
    },
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
