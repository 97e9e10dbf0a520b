import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, NO_CONSENT, openPublishing } from "../../support/publishing_house.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";

Deno.test("an own repository's files are sent from memory, to each client those of its generation", async () => {
  await using folder = await TempFolder.create();
  const publishing = await openPublishing(folder.join("state"));
  const { open } = Deno;
  let opened = 0;
  try {
    const mine = await publishing.create("mine", {}, "tests");
    const get = async (name: string, port: number): Promise<Uint8Array> => {
      const path = `mine/os/x86_64/${name}`;
      const client = { hostname: `192.0.2.${port}`, port };
      const file = publishing.tree.fileAt(path);
      assert(file !== null);
      opened = 0;
      Deno.open = (...args) => (opened++, open(...args));
      const request = new Request(`http://localhost/${path}`);
      const response = await publishing.respond(file, request, client);
      Deno.open = open;
      return await response.bytes();
    };
    const built = await ownPackage("foo", "1.0-1");
    await addPackages(publishing, mine, [built]);
    const names = ["mine.db", "mine.db.sig", built.fileName, `${built.fileName}.sig`];
    const before = new Map<string, Uint8Array>();
    for (const name of names) before.set(name, await get(name, 1));
    for (const name of names) {
      assertSameBytes(await get(name, 1), before.get(name)!);
      assertEquals(opened, 0, name);
    }
    const rebuilt = await ownPackage("foo", "1.0-1", { content: "rebuilt" });
    await addPackages(publishing, mine, [rebuilt], { ...NO_CONSENT, replace: true });
    // The first client has begun with the old database; the second one has not.
    for (const name of names.slice(1)) assertSameBytes(await get(name, 1), before.get(name)!);
    assertSameBytes(await get(built.fileName, 2), rebuilt.bytes);
    for (const name of names) assertNotEquals(await get(name, 2), before.get(name));
  } finally {
    Deno.open = open;
    await publishing.stop();
  }
});
