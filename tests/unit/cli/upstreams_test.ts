import { assertEquals, assertMatch } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";
import { pkgstash } from "./administration_child.ts";

async function printed(app: TestApp, ...args: string[]): Promise<string> {
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  const { code, out, err } = await pkgstash(args, { env });
  assertEquals([code, err], [0, ""]);
  return out;
}

Deno.test("extra-files lists what extra_paths brought into the cache, each with its size", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    tables: () => 'extra_paths = ["iso/**"]\n',
  });
  assertEquals(await printed(app, "extra-files"), "No files of extra_paths are cached.\n");
  app.put("/iso/a.iso", packageBytes(3000, 1));
  await app.warm("/iso/a.iso");
  const out = await printed(app, "extra-files");
  assertMatch(out, /^FILE +SIZE +USED\niso\/a\.iso +2\.9 KiB +\S.*\n\n1 file, 2\.9 KiB\.\n$/);
  assertMatch(
    await printed(app, "cleanup"),
    /^1 file \(\d\.\d KiB\) kept\.\nProtected: 0 current/m,
  );
});

Deno.test("status names each mirrorlist, with its mirrors or with what is wrong", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("mirrorlist");
  await Deno.writeTextFile(path, "Server = http://127.0.0.1:9/$repo/os/$arch\n");
  await using app = await TestApp.start({
    token: TOKEN,
    tables: () => `mirrorlist = "${path}"\n`,
  });
  assertMatch(await printed(app, "status"), new RegExp(`^Mirrorlist  1 mirror in ${path}$`, "m"));
  await Deno.remove(path);
  app.app.reconfigure(app.app.config);
  assertMatch(
    await printed(app, "status"),
    new RegExp(`^Mirrorlist +${path}: no such file; 1 mirror kept$`, "m"),
  );
});
