import { assert, assertEquals } from "@std/assert";
import type { SyncDbPackage } from "../../../src/formats/pacman/sync_db.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../support/real_data.ts";
import { sha256Of } from "../../support/sha256.ts";
import { TestApp } from "../../support/test_app.ts";
import { signatureOf } from "../../support/changing_repository.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { HistoryExpectation } from "./history_expectation.ts";
import {
  DIRECTORY,
  HistoryMirror,
  isSigned,
  readPool,
  readRevisions,
  type Revision,
} from "./history_revisions.ts";

/** Packages that a client fetches whenever no version is cached or wanted. */
const FETCHED = [
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

/** Revisions whose packages reach the mirror only with the next: rebuilds and new versions. */
const LATE = [37, 39, 47, 54, 65, 75];

/** Sums over all refreshes. */
interface Totals {
  prefetched: number;
  rebuilt: number;
  removed: number;
  /** Wanted, but not on the mirror yet. */
  missing: number;
  /** Clients served during a refresh. */
  races: number;
}

/** Moves the daemon and its mirror through the history, and compares them with the expectation. */
class Journey {
  readonly totals: Totals = { prefetched: 0, rebuilt: 0, removed: 0, missing: 0, races: 0 };
  readonly #app: TestApp;
  readonly #pool: Awaited<ReturnType<typeof readPool>>;
  readonly #mirror: HistoryMirror;
  readonly #expectation: HistoryExpectation;
  /** How many of the mirror's requests have been asserted. */
  #asserted = 0;

  constructor(
    app: TestApp,
    pool: Awaited<ReturnType<typeof readPool>>,
    keepVersions: number,
  ) {
    this.#app = app;
    this.#pool = pool;
    this.#mirror = new HistoryMirror(app.mirror, pool);
    this.#expectation = new HistoryExpectation(keepVersions);
  }

  async moveTo(revision: Revision, previous: Revision | null): Promise<void> {
    const { number, packages } = revision;
    const label = `revision ${number}`;
    this.#mirror.publish(revision, { late: LATE.includes(number) });
    // In every third revision, a client requests the new databases before the refresh.
    if (number % 3 === 0) await this.#assertDatabases(revision);

    const expected = this.#expectation.refresh(packages, this.#mirror.offered);
    const isInTime = expected.rebuilt.every((fileName) => expected.fetched.includes(fileName));
    const refresh = administer(this.#app.origin, "/api/refresh");
    let isOver = false;
    const over = refresh.finally(() => isOver = true);
    while (!isOver && previous !== null && isInTime && expected.rebuilt.length > 0) {
      for (const fileName of expected.rebuilt) await this.#race(fileName, revision, previous);
    }
    const { status, text } = await over;
    assertEquals([status, text], [204, ""], label);

    assertEquals(
      this.#newRequests(),
      expected.wanted.toSorted(),
      `requested from the mirror, ${label}`,
    );
    await this.#app.settled();
    await this.#assertOnDisk(label);
    await this.#assertDatabases(revision);
    for (const fileName of expected.rebuilt) await this.#assertNeverOld(fileName, packages, label);
    // These were requested again, for packages that the mirror still lacks.
    this.#newRequests();
    for (const entry of packages) await this.#fetch(entry, label);
    // Packages were asked for, so the database is checked behind the answers: wait for that.
    await this.#assertDatabases(revision);

    const { totals } = this;
    totals.prefetched += expected.fetched.length;
    totals.rebuilt += expected.rebuilt.length;
    totals.removed += expected.removed.length;
    totals.missing += expected.wanted.length - expected.fetched.length;
  }

  /** During a refresh, a client with a database never gets a package older than it lists. */
  async #race(fileName: string, revision: Revision, previous: Revision): Promise<void> {
    const database = await this.#app.get(`/${DIRECTORY}/archpro_repo.db`);
    const response = await this.#app.get(`/${DIRECTORY}/${fileName}`);
    // As pacman does. If this client is faster than the plan, the package is not prefetched any more,
    // and so its signature is not either.
    await this.#app.get(`/${DIRECTORY}/${fileName}.sig`);
    assertEquals([database.status, response.status], [200, 200], fileName);
    const isNew = sha256Of(database.body) === sha256Of(revision.db);
    if (!isNew) assertEquals(database.body, previous.db);
    const allowed = (isNew ? [revision] : [revision, previous])
      .map(({ packages }) => packages.find((entry) => entry.fileName === fileName)?.sha256);
    assert(allowed.includes(sha256Of(response.body)), `${fileName} is older than its database`);
    this.totals.races++;
  }

  /** File names of the packages requested from the mirror since the last call. */
  #newRequests(): string[] {
    const requests = this.#app.mirror.requests.slice(this.#asserted);
    this.#asserted = this.#app.mirror.requests.length;
    return requests.filter(({ path }) => /\.pkg\.tar\.[a-z0-9]+$/.test(path))
      .map(({ path }) => decodeURIComponent(path.slice(path.lastIndexOf("/") + 1))).sort();
  }

  /** Asserts that the cache has exactly the expected files, with the right content. */
  async #assertOnDisk(label: string): Promise<void> {
    const expected: string[] = [];
    for (const [fileName, { sha256 }] of this.#expectation.cached) {
      expected.push(fileName, ...isSigned(sha256) ? [`${fileName}.sig`] : []);
    }
    const directory = this.#app.pathOf(DIRECTORY);
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
      const { status, body } = await this.#app.get(`/${DIRECTORY}/archpro_repo.${member}`);
      assertEquals([status, sha256Of(body)], [200, sha256Of(bytes)], `${member} of ${number}`);
    }
  }

  async #assertNeverOld(
    fileName: string,
    packages: readonly SyncDbPackage[],
    label: string,
  ): Promise<void> {
    const { sha256 } = packages.find((entry) => entry.fileName === fileName)!;
    const { status, body } = await this.#app.get(`/${DIRECTORY}/${fileName}`);
    if (this.#expectation.cached.has(fileName)) {
      assertEquals([status, sha256Of(body)], [200, sha256], `${fileName}, ${label}`);
    } else {
      assertEquals(status, 502, `${fileName}, ${label}`);
    }
  }

  /** Lets a client fetch a package and its signature, if it is one that clients fetch. */
  async #fetch(entry: SyncDbPackage, label: string): Promise<void> {
    const { name, fileName, sha256 } = entry;
    if (!FETCHED.includes(name) || this.#expectation.isFollowed(name)) return;
    const isOffered = this.#mirror.offered.get(fileName) === sha256;
    const response = await this.#app.warm(`/${DIRECTORY}/${fileName}`);
    assertEquals(response.status, isOffered ? 200 : 404, `${fileName}, ${label}`);
    assertEquals(this.#newRequests(), [fileName], `${fileName}, ${label}`);
    if (!isOffered) return;
    assertEquals(response.body, this.#pool.get(sha256!));
    const { status } = await this.#app.warm(`/${DIRECTORY}/${fileName}.sig`);
    assertEquals(status, isSigned(sha256!) ? 200 : 404);
    this.#expectation.recordFetch(entry);
  }
}

for (const keepVersions of [0, 1]) {
  Deno.test({
    name: "refreshes through the history of a real repository prefetch and remove what its " +
      `databases imply, with keep_versions = ${keepVersions}${REAL_DATA_NOTE}`,
    ignore: REAL_DATA_MISSING,
    async fn() {
      await using app = await TestApp.start({
        token: TOKEN,
        settings: {
          keep_versions: keepVersions,
          database_max_age: "0s",
          // The repository once took a package back to an older version.
          rollback_age: "0s",
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
        await journey.moveTo(revision, revisions[index - 1] ?? null);
      }
      // Without changes, an administrator's refresh compares the database, looks for a signature and
      // asks for nothing else.
      app.mirror.requests.length = 0;
      assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
      assertEquals(app.mirror.requests.map(({ method, path }) => `${method} ${path}`), [
        `HEAD /${DIRECTORY}/archpro_repo.db`,
        `GET /${DIRECTORY}/archpro_repo.db`,
        `GET /${DIRECTORY}/archpro_repo.db.sig`,
      ]);
      // The history has enough of everything to be worth testing.
      const { prefetched, rebuilt, removed, missing, races } = journey.totals;
      assert(
        prefetched > 20 && rebuilt > 10 && removed > 4 && missing > 4 && races > 10,
        JSON.stringify(journey.totals),
      );
      assertEquals(app.log.matching(/ERROR/), []);
    },
  });
}
