// Journeys through the web admin that each end with a package installed by real pacman. They need
// pacman, makepkg and gpg.
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { runCommand } from "../../support/child_process.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { PacmanClient } from "../../support/end_to_end/pacman_client.ts";
import { stopAgent } from "../../support/end_to_end/signing_key.ts";
import { FakeBuilder } from "../../support/fake_builder.ts";
import { ownPackage } from "../../support/own_package.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { Site } from "./site.ts";
import { WatchedSite } from "./watched_site.ts";

const PACKAGER = "Builds <builds@example.invalid>";
const REQUIRED = "Required DatabaseRequired TrustedOnly";

/** Sets up a client as the page of a repository says: its section, its keys, its fingerprints. */
async function clientOf(page: Page, repository: string, folder: string): Promise<PacmanClient> {
  const section = await page.getByLabel("Add to /etc/pacman.conf").inputValue();
  const server = /^Server = (\S+)$/m.exec(section)?.[1];
  const fields = page.locator("copy-field input");
  const commands = await Promise.all((await fields.all()).map((field) => field.inputValue()));
  const [keys = ""] = commands.flatMap((text) => /^curl -fsS (\S+) /.exec(text)?.[1] ?? []);
  const trusted = commands.flatMap((text) => /--lsign-key ([0-9A-F]+)$/.exec(text)?.[1] ?? []);
  assert(server !== undefined && trusted.length > 0, "the page does not say how to use it");
  const trustIn = async (home: string) => {
    const env = { GNUPGHOME: home };
    const files = [`${home}/page.asc`, `${home}/page.trust`] as const;
    await Deno.writeFile(files[0], await (await fetch(keys)).bytes());
    await Deno.writeTextFile(files[1], trusted.map((each) => `${each}:6:\n`).join(""));
    await runCommand(["gpg", "--batch", "--quiet", "--import", files[0]], { env });
    await runCommand(["gpg", "--batch", "--quiet", "--import-ownertrust", files[1]], { env });
    await stopAgent(home);
  };
  return await PacmanClient.create(folder, {
    servers: [server],
    repositories: [repository],
    sigLevel: REQUIRED,
    trust: { trustIn },
  });
}

Deno.test("packages dropped on a page are installed by pacman, which requires signatures", async () => {
  await using site = await Site.start();
  await using folder = await TempFolder.create();
  const built = await buildPackages([
    { name: "own-lib", size: 1000 },
    { name: "own-app", size: 200_000, depends: ["own-lib"] },
  ]);
  const page = await site.open("/admin/repositories");
  await page.getByLabel("Name").fill("mine");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("The repository mine has been created.").waitFor();
  await page.goto(`${site.origin}/admin/repositories/mine`);
  const dropped = await Promise.all(built.map(async ({ file, path }) => ({
    file,
    content: (await Deno.readFile(path)).toBase64(),
  })));
  const files = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { file, content } of ${JSON.stringify(dropped)}) {
      const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], file));
    }
    return transfer;
  })()`);
  await page.dispatchEvent("upload-files", "dragover", { dataTransfer: files });
  await page.dispatchEvent("upload-files", "drop", { dataTransfer: files });
  await page.getByText("The packages are published, with publication").waitFor();
  await using client = await clientOf(page, "mine", folder.path);
  await client.run("-Sy", "own-app");
  assertEquals(await client.run("-Q"), "own-app 1.0-1\nown-lib 1.0-1\n");
  assertEquals(site.complaints, []);
});

function files(version: string, host: string) {
  const source = `https://${host}/hello-${version}.tar.gz`;
  return {
    PKGBUILD:
      `pkgname=hello-bin\npkgver=${version}\npkgrel=1\narch=(x86_64)\nsource=("${source}")\n` +
      "sha256sums=(SKIP)\npackage() { :; }\n",
    ".SRCINFO": `pkgbase = hello-bin\n\tpkgver = ${version}\n\tpkgrel = 1\n\tarch = x86_64\n` +
      `\tsource = ${source}\n\tsha256sums = SKIP\n\npkgname = hello-bin\n`,
  };
}

// The builder speaks the real protocol and builds nothing: real builds in sandboxes need an ordinary
// user, and have a suite of their own.
Deno.test("a change in the AUR is noticed, approved, built in view, and installed by pacman", async () => {
  await using watched = await WatchedSite.start({ builds: { packager: PACKAGER } });
  await using folder = await TempFolder.create();
  const { site, aur } = watched;
  const { token } = await watched.call("POST", "tokens", {
    name: "builder-1",
    purpose: "builder",
  }) as { token: string };
  const builder = new FakeBuilder(site.origin, token);
  const build = async (version: string, log: (job: string) => Promise<void>) => {
    const job = await builder.lease({ waitMs: 10_000 });
    assert(job !== null, `nothing is to be built of ${version}`);
    await log(job.id);
    const made = await ownPackage("hello-bin", version, { packager: PACKAGER });
    await builder.finish(job.id, [made]);
  };
  aur.put("hello-bin", { files: files("1.0", "example.org"), lastModified: 1_790_000_000 });
  await watched.add("hello-bin");
  await watched.approveAll();
  await build("1.0-1", async (job) => void await builder.log(job, 0, "==> Making 1.0\n"));

  // The overview is open when the change comes, and shows it by itself.
  const page = await site.open("/admin/");
  await page.getByText("Live", { exact: true }).waitFor();
  aur.push("hello-bin", files("2.0", "elsewhere.example.org"), 1_790_100_000);
  await watched.check();
  await page.getByText("1 change waits for you").waitFor();
  await page.getByRole("link", { name: "See what changed" }).click();
  await page.getByRole("link", { name: "hello-bin" }).click();
  await page.getByText("The host of a source changes.").waitFor();
  await page.getByRole("button", { name: "Approve exactly this" }).click();
  await page.getByText("hello-bin 2.0-1 has been approved and queued for building.").waitFor();

  await page.getByRole("link", { name: "Builds" }).click();
  await page.getByRole("heading", { name: "1 package waits" }).waitFor();
  await build("2.0-1", async (job) => {
    await builder.heartbeat(job);
    const lines = ["==> Making 2.0\n", "Compiling\n", "Linking\n"];
    await builder.log(job, 0, lines[0]!);
    await page.getByText("==> Making 2.0").waitFor();
    await page.getByRole("link", { name: "hello-bin" }).first().click();
    let sent = lines[0]!.length;
    for (const line of lines.slice(1)) {
      await builder.log(job, sent, line);
      sent += line.length;
      // Each line shows before the next one is sent.
      await page.locator("log-view").getByText(line.trim(), { exact: true }).waitFor();
    }
  });
  await page.getByRole("heading", { name: /^hello-bin 2\.0-1 is published/ }).waitFor();

  await page.goto(`${site.origin}/admin/repositories/aur`);
  await using client = await clientOf(page, "aur", folder.path);
  await client.run("-Sy", "hello-bin");
  assertEquals(await client.run("-Q"), "hello-bin 2.0-1\n");
  assertEquals(site.complaints, []);
});
