import { assert, assertEquals, assertRejects } from "@std/assert";
import { createRepository, enqueueAccepted } from "../../../src/building/enqueue_accepted.ts";
import { buildsToDecide } from "../../../src/building/queue/builds_to_decide.ts";
import { USUAL_SETTINGS } from "../../../src/building/build_settings.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { requestFor, TestQueue } from "../../support/builds.ts";
import { TempFolder } from "../../support/temp_folder.ts";

async function withQueue(run: (queue: TestQueue) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  await using queue = await TestQueue.open(folder.path);
  await run(queue);
}

async function enqueue(queue: TestQueue, architectures: readonly string[], isAgain = false) {
  const { repository, ...accepted } = await requestFor(queue, "foo");
  const publishing = {
    repositories: [{ settings: { name: repository, architectures: ["x86_64"] } }] as never,
    create: () => Promise.reject(new Error("there is one already")),
  };
  await enqueueAccepted({ ...accepted, architectures }, {
    ...{ builds: queue.queue, publishing, repository, isAgain },
  });
}

Deno.test("a package for none of the repository's architectures is held once, with the reason", async (t) => {
  for (const architectures of [["aarch64"], [], ["../x"]]) {
    await t.step(JSON.stringify(architectures), () =>
      withQueue(async (queue) => {
        await enqueue(queue, architectures);
        await enqueue(queue, architectures);
        const [build, ...others] = queue.queue.all();
        assertEquals([build?.state, build?.hold?.kind, others], ["held", "architectures", []]);
        assert(build?.hold?.reason.includes("the repository aur has x86_64"));
        assertEquals(buildsToDecide(queue.queue.all()), [build]);
        assertEquals(await queue.lease(), null);
        await assertRejects(
          () => queue.queue.releaseHeld(build!.number, "me", ""),
          PkgstashError,
          "add the architecture",
        );
        assertEquals((await queue.queue.retry(build!.number)).state, "waiting");
      }));
  }
});

Deno.test("a package is built for any, or for those of its architectures that the repository has", () =>
  withQueue(async (queue) => {
    await enqueue(queue, ["aarch64", "x86_64"]);
    await enqueue(queue, ["any"], true);
    assertEquals(queue.queue.all().map(({ architecture, state }) => [architecture, state]), [
      ["any", "waiting"],
      ["x86_64", "waiting"],
    ]);
    assertEquals(queue.queue.find("foo").settings, USUAL_SETTINGS);
  }));

Deno.test("an externally signed repository is refused as the target of builds", async () => {
  const repositories = (signing: string) => [{ settings: { name: "aur", signing } }] as never;
  const create = () => Promise.reject(new Error("there is one already"));
  await createRepository({ repositories: repositories("required"), create }, "aur", "me");
  await assertRejects(
    () => createRepository({ repositories: repositories("external"), create }, "aur", "me"),
    PkgstashError,
    "Choose another repository",
  );
});
