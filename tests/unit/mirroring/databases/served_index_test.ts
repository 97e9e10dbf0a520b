import { assertEquals } from "@std/assert";
import { ServedIndex } from "../../../../src/mirroring/databases/served_index.ts";
import { PackageIndex } from "../../../../src/repositories/package_index.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

const NEXT = new PackageIndex({ packages: [], problems: [] });

Deno.test("a served database is read once, and known from then on", async () => {
  await inTempFolder(async (folder) => {
    const path = `${folder}/core.db`;
    await Deno.writeFile(path, await syncDbBytes([]));
    let lookups = 0;
    const served = new ServedIndex(() => {
      lookups++;
      return Promise.resolve(path);
    });
    assertEquals(served.known, null);
    const [one, other] = await Promise.all([served.read(), served.read()]);
    assertEquals(one === other && one === served.known && await served.read() === one, true);
    await Deno.remove(path);
    served.retract();
    assertEquals(await served.read() === one, true);
    assertEquals(lookups <= 2, true);
  });
});

Deno.test("a database that was announced is known at once, and forgotten if it is not published", async () => {
  const served = new ServedIndex(() => Promise.resolve(null));
  served.announce(NEXT);
  assertEquals([served.known === NEXT, await served.read() === NEXT], [true, true]);
  served.retract();
  assertEquals([served.known, await served.read()], [null, null]);
  served.announce(NEXT);
  served.confirm();
  served.retract();
  assertEquals(served.known === NEXT, true);
});

Deno.test("a reading that ends after another database was announced does not replace it", async () => {
  await inTempFolder(async (folder) => {
    const path = `${folder}/core.db`;
    await Deno.writeFile(path, await syncDbBytes([]));
    const served = new ServedIndex(() => Promise.resolve(path));
    const reading = served.read();
    served.announce(NEXT);
    await reading;
    assertEquals(served.known === NEXT && await served.read() === NEXT, true);
  });
});

Deno.test("where there is no database, none is looked for until one may have come", async () => {
  const served = new ServedIndex(() => Promise.resolve(null));
  assertEquals(served.isUnread, true);
  await served.read();
  assertEquals(served.isUnread, false);
  served.announce(NEXT);
  assertEquals(served.isUnread, false);
  served.retract();
  assertEquals(served.isUnread, true);
});
