import { BuildingLayout } from "../../src/building/building_layout.ts";
import type { Build, BuildRequest } from "../../src/building/queue/build.ts";
import { TreeStore } from "../../src/building/trees.ts";
import { TOKEN } from "./administration.ts";
import { requestOf, srcinfoText } from "./builds.ts";
import { FakeBuilder } from "./fake_builder.ts";
import { treeOf } from "./source_trees.ts";
import { TestApp, type TestAppOptions } from "./test_app.ts";

/** A daemon that builds, with its API at hand. */
export class BuildsApp implements AsyncDisposable {
  private constructor(readonly app: TestApp) {}

  static async start(options: TestAppOptions = {}): Promise<BuildsApp> {
    const app = await TestApp.start({
      token: TOKEN,
      ...options,
      settings: { refresh_interval: "0", min_free_space: "0", ...options.settings },
    });
    return new BuildsApp(app);
  }

  /** The answer of the administrator's API, and its status. */
  async call(method: string, target: string, body?: unknown) {
    const answer = await this.app.request(method, `/api/v1/${target}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, value: answer.text === "" ? null : JSON.parse(answer.text) };
  }

  /** Creates the repository for builds. */
  async createRepository(): Promise<void> {
    await this.call("POST", "repositories", { name: "aur" });
  }

  /** A builder with a token of its own. */
  async builder(name: string): Promise<FakeBuilder> {
    const { value } = await this.call("POST", "tokens", { name, purpose: "builder" });
    return new FakeBuilder(this.app.origin, value.token);
  }

  /** Queues a build of a package whose files a person has accepted. */
  async enqueue(base: string, changes: Partial<BuildRequest> = {}): Promise<Build> {
    const { stateRoot } = this.app.app.config;
    const trees = new TreeStore(new BuildingLayout(stateRoot));
    const treeHash = await trees.put(
      treeOf({
        PKGBUILD: `# ${base}\n`,
        ".SRCINFO": srcinfoText(base),
        "run.sh": { mode: "100755", text: "#!/bin/sh\n" },
        "latest": { mode: "120000", text: "run.sh" },
      }),
    );
    const [build] = await this.app.app.builds.enqueue({
      ...requestOf(base, treeHash),
      ...changes,
    });
    return build!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]();
  }
}
