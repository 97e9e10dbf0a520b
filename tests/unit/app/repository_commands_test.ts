// Commands about whole repositories, as administrators use them.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import { ownPackage } from "../../support/own_package.ts";
import { withHouse } from "../../support/repository_house.ts";

const DIRECTORY = "/mine/os/x86_64";

async function listed(bytes: Uint8Array): Promise<string[]> {
  const { packages } = await readSyncDb(new Response(bytes as Uint8Array<ArrayBuffer>).body!);
  return packages!.map(({ name, version }) => `${name} ${version}`);
}

Deno.test("repo rebuild shows differences and the progress, and fails with the names of what is lost", async () => {
  await withHouse(async ({ app, repo, files }) => {
    await repo("create", "mine");
    await repo("add", "mine", ...await files(await ownPackage("foo"), await ownPackage("bar")));
    const fine = await repo("rebuild", "mine");
    assertEquals(fine.code, 0, fine.terminal.errors);
    assertMatch(
      fine.terminal.printed,
      /2 packages read, .*: no differences\.\n.*generation 3 of mine/,
    );
    assertMatch(fine.terminal.drawings.join(), /\[#+\] .* 2 packages/);
    const state = join(app.app.config.stateRoot, "repositories/mine/packages");
    for (const { name } of Deno.readDirSync(state)) {
      await Deno.remove(join(state, name, "foo-1.0-1-x86_64.pkg.tar.gz")).catch(() => {});
      await Deno.writeTextFile(join(state, name, "package.json"), "");
    }
    const lost = await repo("rebuild", "mine");
    assertEquals(lost.code, 1);
    assertMatch(lost.terminal.errors, /foo-1\.0-1.*: it is missing.*Nothing was published/);
    const forced = await repo("rebuild", "mine", "--force", "--json");
    assertEquals(forced.code, 0, forced.terminal.errors);
    const events = forced.terminal.printed.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      events.filter(({ event }) => event === "difference").map(({ outcome }) => outcome),
      [
        "lost",
      ],
    );
    assertEquals(events.at(-1).generation.number, 4);
    assertEquals(await listed((await app.get(`${DIRECTORY}/mine.db`)).body), ["bar 1.0-1"]);
    assertEquals((await repo("rebuild", "none")).code, 1);
  });
});

Deno.test("repo show prints all packages, or the page that is asked for", async () => {
  await withHouse(async ({ repo, files }) => {
    await repo("create", "mine");
    await repo("create", "other");
    const names = ["a", "b", "c"];
    await repo(
      "add",
      "mine",
      ...await files(...await Promise.all(names.map((n) => ownPackage(n)))),
    );
    const shown = async (...args: string[]) => {
      const { packages, next } = JSON.parse(
        (await repo("show", "mine", "--json", ...args)).terminal.printed,
      );
      return [packages.map(({ name }: { name: string }) => name), next];
    };
    assertEquals(await shown(), [names, null]);
    assertEquals(await shown("--limit", "2"), [["a", "b"], "b x86_64"]);
    assertEquals(await shown("--limit", "2", "--after", "b x86_64"), [["c"], null]);
    const page = await repo("list", "--limit", "1");
    assertMatch(page.terminal.printed, /^mine .*\n\nMore packages: --after "mine"/ms);
  });
});
