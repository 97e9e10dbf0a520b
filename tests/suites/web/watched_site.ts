import { FakeAur } from "../../support/fake_aur.ts";
import { Site } from "./site.ts";

/** A site whose daemon watches packages of a fake AUR. */
export class WatchedSite implements AsyncDisposable {
  private constructor(readonly site: Site, readonly aur: FakeAur) {}

  static async start(settings: Record<string, unknown> = {}): Promise<WatchedSite> {
    const aur = new FakeAur();
    const site = await Site.start({ settings: { aur: { url: aur.url }, ...settings } });
    return new WatchedSite(site, aur);
  }

  /** Watches a package. */
  async add(name: string): Promise<void> {
    await this.call("POST", "aur/packages", { names: [name] });
  }

  /** Asks the AUR what is new. */
  async check(): Promise<void> {
    await this.call("POST", "aur/check");
  }

  /** Approves everything that waits, as an administrator does by the command line. */
  async approveAll(): Promise<void> {
    const { approvals } = await this.call("GET", "approvals") as { approvals: { id: string }[] };
    for (const { id } of approvals) await this.call("POST", `approvals/${id}/approve`, {});
  }

  /** The version of a package that was accepted last. */
  async accepted(name: string): Promise<unknown> {
    const watched = await this.call("GET", `aur/packages/${name}`) as { accepted: unknown };
    return watched.accepted;
  }

  /** What an endpoint of the API answers. */
  call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.site.call(method, path, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    await this.aur[Symbol.asyncDispose]();
  }
}
