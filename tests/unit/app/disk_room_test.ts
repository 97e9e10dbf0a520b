import { assert } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const FILE_NAME = "a-1-1-any.pkg.tar.zst";
const PACKAGE = `/core/os/x86_64/${FILE_NAME}`;
const DATABASE = "/core/os/x86_64/core.db";

Deno.test("room is made for a package before it is fetched, and a petabyte is refused", async () => {
  await using app = await TestApp.start({
    settings: { min_free_space: "0", refresh_interval: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const entry = { name: "a", version: "1-1", fileName: FILE_NAME, size: 1e15 };
  app.put(DATABASE, await syncDbBytes([{ ...entry, sha256: "0".repeat(64) }]));
  app.put(PACKAGE, packageBytes(1000, 1));
  await app.get(DATABASE);
  await app.log.waitFor(/snapshot published/);
  await app.get(PACKAGE);
  assert(app.log.matching(/not enough space for a file.*a-1-1-any/).length > 0);
});
