import { assertEquals, assertLess } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { type OwnPackage, ownPackage } from "../../support/own_package.ts";
import { madePackage } from "../../support/made_package.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

/** Chooses packages in the file dialog, which a click or the keyboard opens. */
async function choose(page: Page, ...packages: readonly OwnPackage[]): Promise<void> {
  await page.getByLabel(/^Packages built by makepkg/).setInputFiles(
    packages.map(({ fileName, bytes }) => ({
      name: fileName,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes),
    })),
  );
}

async function createRepository(site: Site, name: string): Promise<Page> {
  const page = await site.open("/admin/repositories");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText(`The repository ${name} has been created.`).waitFor();
  return page;
}

Deno.test("a repository is created, filled, searched, rolled back and emptied on its page", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/repositories", { name: "repositories-empty" });
  const page = await createRepository(site, "mine");
  await checkPage(site, "/admin/repositories/mine", { name: "repository-empty" });
  await choose(page, await ownPackage("foo"), await ownPackage("bar", "2.0-1"));
  await page.getByText("The packages are published, with publication").waitFor();
  assertEquals(await site.fetch("/mine/os/x86_64/mine.db.sig"), 200);
  assertEquals(await site.fetch("/mine/os/x86_64/foo-1.0-1-x86_64.pkg.tar.gz.sig"), 200);
  await page.getByLabel("Search packages").fill("ba");
  await page.waitForURL(/q=ba/);
  await page.getByRole("rowheader", { name: "foo" }).waitFor({ state: "detached" });
  await page.goto(`${site.origin}/admin/repositories/mine`);
  await page.getByRole("button", { name: "Remove bar" }).click();
  await page.getByRole("heading", { name: "Remove bar from mine?" }).waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("bar is removed, with publication").waitFor();
  await page.getByRole("button", { name: "Roll back to publication 2" }).click();
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("The packages of publication 2 are back").waitFor();
  await page.getByRole("rowheader", { name: "bar" }).waitFor();
  await page.getByRole("button", { name: "Verify all files" }).click();
  await page.getByText("all match what was published").waitFor();
  await checkPage(site, "/admin/repositories", { name: "repositories" });
  await checkPage(site, "/admin/repositories/mine", { name: "repository" });
});

Deno.test("a package that is refused says why, changes nothing, and can be allowed", async () => {
  await using site = await Site.start();
  const page = await createRepository(site, "mine");
  await choose(page, await ownPackage("foo", "2.0-1"));
  await page.getByText("The packages are published").waitFor();
  await choose(page, { ...await ownPackage("foo", "3.0-1"), fileName: "bar-1-1-any.pkg.tar.gz" });
  await page.getByRole("status").getByText("bar-1-1-any.pkg.tar.gz").waitFor();
  await choose(page, await ownPackage("foo", "1.0-1"));
  await page.getByText("Uploaded, not yet published").waitFor();
  await checkPage(site, new URL(page.url()).pathname + new URL(page.url()).search, {
    name: "repository-refused",
  });
  await page.getByLabel("older versions than those published").check();
  await page.getByRole("button", { name: "Publish them" }).click();
  await page.getByText("The packages are published").waitFor();
  assertEquals(await site.fetch("/mine/os/x86_64/foo-1.0-1-x86_64.pkg.tar.gz"), 200);
});

const BIG_BYTES = 200 * 1024 ** 2;

/** The peak memory of a process since the last call, in bytes. */
async function peakMemory(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

Deno.test("without scripts, packages of any size are published by a form, in little memory", async () => {
  await using site = await Site.start();
  await createRepository(site, "mine");
  const info = "pkgname = big\npkgbase = big\npkgver = 1-1\narch = any\n";
  const content = crypto.getRandomValues(new Uint8Array(65_536));
  const big = new Uint8Array(BIG_BYTES);
  for (let at = 0; at < big.length; at += content.length) big.set(content, at);
  const path = site.pathOf("big-1-1-any.pkg.tar");
  await Deno.writeFile(
    path,
    await madePackage([[".PKGINFO", info], ["usr/", ""], { name: "usr/big", bytes: big }]),
  );
  const page = await site.open("/admin/repositories/mine", { hasScripts: false });
  const small = await ownPackage("foo");
  await Deno.writeFile(site.pathOf(small.fileName), small.bytes);
  await page.getByLabel(/^Packages built by makepkg/)
    .setInputFiles([path, site.pathOf(small.fileName)]);
  await peakMemory(site.daemon.pid);
  const before = await peakMemory(site.daemon.pid);
  await page.getByRole("button", { name: "Publish them" }).click();
  await page.getByText("The packages are published, with publication 2").waitFor();
  const grown = await peakMemory(site.daemon.pid) - before;
  console.log(`200 MiB by a form: memory grew by ${Math.round(grown / 1024 ** 2)} MiB at most`);
  assertLess(grown, BIG_BYTES / 2);
  assertEquals(await site.fetch("/mine/os/x86_64/big-1-1-any.pkg.tar"), 200);
  assertEquals(await site.fetch(`/mine/os/x86_64/${small.fileName}`), 200);
});

Deno.test("publications are paged, and changes that await external signatures are discarded", async () => {
  await using site = await Site.start();
  await site.call("POST", "repositories", { name: "mine", keep_generations: 100 });
  const page = await site.open("/admin/repositories/mine");
  await choose(page, await ownPackage("foo"));
  await page.getByText("The packages are published, with publication 2").waitFor();
  for (let number = 3; number <= 22; number++) {
    await site.call("POST", "repositories/mine/rollback", { generation: 2 - number % 2 });
  }
  await page.goto(`${site.origin}/admin/repositories/mine`);
  await page.getByRole("rowheader", { name: "22", exact: true }).waitFor();
  assertEquals(await page.getByRole("rowheader", { name: "2", exact: true }).count(), 0);
  await page.getByRole("link", { name: "Next" }).click();
  await page.getByRole("rowheader", { name: "2", exact: true }).waitFor();
  await site.call("POST", "repositories", { name: "elsewhere", signing: "external" });
  await page.goto(`${site.origin}/admin/repositories/elsewhere`);
  await choose(page, await ownPackage("bar"));
  await page.getByRole("link", { name: /^bar-/ }).first().waitFor();
  await checkPage(site, "/admin/repositories/elsewhere", { name: "repository-waiting" });
  await page.getByRole("button", { name: "Discard them" }).click();
  await page.getByRole("heading", { name: "Discard the changes" }).waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByText("1 change discarded.").waitFor();
  // The empty database was never signed and still waits.
  await page.getByText("2 files wait for a signature").waitFor();
  assertEquals(await page.getByRole("link", { name: /^bar-/ }).count(), 0);
});
