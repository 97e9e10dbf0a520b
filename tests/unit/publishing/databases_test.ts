import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { writeDatabases } from "../../../src/publishing/databases.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

Deno.test("a damaged database is not copied into the next one", async () => {
  await using folder = await TempFolder.create();
  const publishing = await openPublishing(folder.join("state"));
  try {
    const mine = await publishing.create("mine", {}, "tests");
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    const current = (await mine.current())!;
    const path = mine.pathIn(current, "x86_64.db");
    const intact = await Deno.readFile(path);
    const damaged = intact.slice();
    const middle = damaged.length >> 1;
    damaged[middle] = damaged[middle]! ^ 0xff;
    await Deno.writeFile(path, damaged);
    const directory = folder.join("next");
    await Deno.mkdir(directory);
    await writeDatabases(directory, {
      packages: await mine.published(),
      architectures: ["x86_64"],
      store: mine.packages,
      sign: null,
      previous: (file) => ({ ...current.files[file]!, path: mine.pathIn(current, file) }),
      date: 0,
    });
    assertEquals(await Deno.readFile(join(directory, "x86_64.db")), intact);
  } finally {
    await publishing.stop();
  }
});
