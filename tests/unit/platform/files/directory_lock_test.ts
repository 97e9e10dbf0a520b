import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { PkgstashError } from "../../../../src/errors.ts";
import { DirectoryLock } from "../../../../src/platform/files/directory_lock.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

const HOLDER = fromFileUrl(new URL("./lock_holder.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../../../deno.json", import.meta.url));

/** Another process that has taken the lock. */
async function startHolder(path: string): Promise<Deno.ChildProcess> {
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-all", "--config", CONFIG, HOLDER, path],
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "held\n");
  await reader.cancel();
  return holder;
}

Deno.test("a lock held by another process is refused with the number of that process", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "state", "lock");
    const holder = await startHolder(path);
    try {
      const error = await assertRejects(() => DirectoryLock.acquire(path), PkgstashError);
      assertEquals(error.kind, "conflict");
      assertStringIncludes(error.message, `process ${holder.pid}`);
      assertStringIncludes(error.message, path);
    } finally {
      holder.kill("SIGKILL");
      await holder.status;
    }
  });
});

Deno.test("a process that is killed releases its lock", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "lock");
    const holder = await startHolder(path);
    holder.kill("SIGKILL");
    await holder.status;
    using _lock = await DirectoryLock.acquire(path);
    assertEquals((await Deno.readTextFile(path)).trim(), String(Deno.pid));
  });
});

Deno.test("a lock can be taken again by the same process only after its release", async () => {
  await inTempFolder(async (folder) => {
    const path = join(folder, "lock");
    {
      using _lock = await DirectoryLock.acquire(path);
      await assertRejects(() => DirectoryLock.acquire(path), PkgstashError, String(Deno.pid));
    }
    using _again = await DirectoryLock.acquire(path);
  });
});

Deno.test("a lock file that cannot be written is an error of kind storage", async () => {
  const error = await assertRejects(() => DirectoryLock.acquire("/dev/full"), PkgstashError);
  assertEquals(error.kind, "storage");
});

Deno.test("a directory that cannot be created is an error that names cache_root", async () => {
  await inTempFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    const error = await assertRejects(
      () => DirectoryLock.acquire(join(file, "state", "lock")),
      PkgstashError,
      "cache_root",
    );
    assertEquals(error.kind, "storage");
  });
});
