// What a builder sees of git repositories, with real git in a real sandbox.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LookReport } from "../../../src/api/looks.ts";
import type { LookOutcome } from "../../../src/builder/daemon_client.ts";
import { Looker } from "../../../src/builder/looks/looker.ts";
import { detectMapping } from "../../../src/builder/machine_check.ts";
import { GitServer } from "../../support/building/git_server.ts";
import { TempFolder } from "../../support/temp_folder.ts";

type Draft = LookReport extends infer Look ? Look extends unknown ? Omit<Look, "id"> : never
  : never;

Deno.test("a look reports what a repository has, and reaches nothing of the builder's machine", async (t) => {
  await using folder = await TempFolder.create();
  await using server = await GitServer.start();
  const first = await server.commit({ PKGBUILD: "pkgname=x\n" });
  await server.git("tag", "v1");
  const second = await server.commit({ PKGBUILD: "pkgname=y\n" });
  // As a server shows a commit of a fork: it is there, and on no branch.
  await server.git("checkout", "--quiet", "-b", "fork");
  const foreign = await server.commit({ PKGBUILD: "pkgname=z\n" }, "fork");
  await server.git("checkout", "--quiet", "main");
  await server.git("update-ref", "refs/pull/1/head", foreign);
  await server.git("branch", "--quiet", "-D", "fork");
  await server.publish();
  const { url } = server;

  const told: LookOutcome[] = [];
  const trees: { commit: string; bytes: number }[] = [];
  const client = {
    lookResult: (_: string, outcome: LookOutcome) => Promise.resolve(void told.push(outcome)),
    lookTree: (_: string, commit: string, tar: Uint8Array) =>
      Promise.resolve(void trees.push({ commit, bytes: tar.length })),
  };
  const looker = await Looker.open(client, { looks: folder.path }, (await detectMapping())!);
  const look = async (draft: Draft) => {
    await looker!.look({ id: "", ...draft } as LookReport, new AbortController().signal);
    return told.at(-1);
  };
  const references = (...references: { url: string; reference: string }[]) =>
    look({ kind: "references", references });

  await t.step("a look reports the commits of branches, and null for a missing one", async () => {
    assertEquals(
      await references(
        { url, reference: "HEAD" },
        { url, reference: "refs/heads/main" },
        { url, reference: "refs/heads/gone" },
      ),
      { outcome: "references", commits: [second, second, null] },
    );
  });

  await t.step("a look reports which pins are on a branch or tag", async () => {
    const pins = [first, second, foreign, "0".repeat(40)]
      .map((value) => ({ url, kind: "commit", value }) as const);
    const tags = ["v1", "v2"].map((value) => ({ url, kind: "tag", value }) as const);
    const outcome = await look({ kind: "pins", pins: [...pins, ...tags] });
    assert(outcome?.outcome === "pins");
    assertEquals(outcome.places.map((each) => each !== null), [
      ...[true, true, false, false],
      ...[true, false],
    ]);
  });

  await t.step("a look sends the files of a commit unless they are known", async () => {
    const from = { url, reference: "HEAD" };
    assertEquals(await look({ kind: "tree", from, known: second }), { outcome: "unchanged" });
    await look({ kind: "tree", from, known: first });
    assertEquals(trees.map(({ commit }) => commit), [second]);
  });

  await t.step("a look fetches no local repository and runs no command", async () => {
    for (const wrong of ["file:///etc", "/usr", "ext::sh -c 'touch /tmp/x'"]) {
      const outcome = await references({ url: wrong, reference: "HEAD" });
      assertEquals(outcome?.outcome, "failed", wrong);
    }
    const outcome = await references({ url: "http://127.0.0.1:9/x.git", reference: "HEAD" });
    assert(outcome?.outcome === "failed");
    assertMatch(outcome.reason, /^http:\/\/127\.0\.0\.1:9\/x\.git: /);
  });
});
