import type { Clock } from "../../src/async/clock.ts";
import { Building } from "../../src/building/building.ts";
import type { AcceptedBuild } from "../../src/building/accepted_build.ts";
import { configOf } from "./configuration.ts";
import { FakeAur } from "./fake_aur.ts";
import { TempFolder } from "./temp_folder.ts";

/** A test checks for changes itself; a check at a shorter interval could take them before it. */
const CHECKS = 'check_interval = "24d"';

/** What the mirrored repositories have, in tests of what is watched. */
const MIRRORED = ["glibc", "bash", "cmake", "python"];

/** The wing that watches and decides, in front of a fake AUR, with what it queued and recorded. */
export class WatchedPackages implements AsyncDisposable {
  readonly queued: AcceptedBuild[] = [];
  readonly recorded: { action: string; details: Readonly<Record<string, unknown>> }[] = [];
  /** Why the next build cannot be queued. */
  queueFault: Error | null = null;
  building!: Building;
  readonly #folder: TempFolder;

  private constructor(
    readonly aur: FakeAur,
    folder: TempFolder,
    readonly clock: Clock,
    readonly keys: string,
    readonly rootKeys: string,
  ) {
    this.#folder = folder;
  }

  /** `keys` are lines of the table `[aur]`, and `rootKeys` those before all tables. */
  static async start(clock: Clock, keys = "", rootKeys = ""): Promise<WatchedPackages> {
    const folder = await TempFolder.create();
    const made = new WatchedPackages(new FakeAur(), folder, clock, keys, rootKeys);
    await made.#open();
    return made;
  }

  get stateRoot(): string {
    return this.#folder.path;
  }

  /** As a daemon that is killed and started again. */
  async restart(): Promise<void> {
    await this.building.stop();
    await this.#open();
  }

  async #open(): Promise<void> {
    const config = configOf(
      `state_root = "${this.stateRoot}"\n${this.rootKeys}\n[aur]\n${CHECKS}\nurl = "${this.aur.url}/"\n${this.keys}\n`,
    );
    this.building = await Building.open(config, {
      publishing: {
        claim: () => Promise.resolve(),
        create: () => Promise.reject(new Error("there is one already")),
        repositories: [
          { settings: { name: "aur" }, published: () => Promise.resolve([]) } as never,
        ],
        // Nothing is built here.
        ...{ receive: undefined!, publishFiles: undefined!, namesakesOf: undefined! },
        repositoryToChange: undefined!,
      },
      mirrored: {
        fetchMissingDatabases: () => Promise.resolve(),
        unsatisfied: (dependencies) =>
          Promise.resolve(
            dependencies.filter((each) => !MIRRORED.includes(each.replace(/[<>=].*/, ""))),
          ),
        versionsOf: () => Promise.resolve(new Map()),
        databasesChangedAt: () => Promise.resolve(0),
      },
      record: (action, details) => {
        this.recorded.push({ action, details });
        return Promise.resolve();
      },
      enqueue: (build) => {
        if (this.queueFault !== null) return Promise.reject(this.queueFault);
        this.queued.push(build);
        return Promise.resolve();
      },
      clock: this.clock,
      random: () => 0,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.building.stop();
    await this.aur[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
