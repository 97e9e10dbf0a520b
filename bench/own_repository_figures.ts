/**
 * Measures an own repository of 10,000 packages: the time to publish one more, to sign all again
 * with a new key, and the memory that it takes; then the speed at which a package comes in over HTTP
 * beside that of `cp`. There, client and daemon are one process, which holds the package as well:
 * `deno run -A bench/own_repository_figures.ts [PACKAGES]`.
 */
import { runCli } from "../src/cli/cli.ts";
import { NO_CONSENT } from "../tests/support/publishing_house.ts";
import { TOKEN } from "../tests/support/administration.ts";
import { runCommand } from "../tests/support/child_process.ts";
import { ownPackage } from "../tests/support/own_package.ts";
import { madePackage } from "../tests/support/made_package.ts";
import { TempFolder } from "../tests/support/temp_folder.ts";
import { openPublishing } from "../tests/support/publishing_house.ts";
import { TestApp } from "../tests/support/test_app.ts";

const PACKAGES = Number(Deno.args[0] ?? 10_000);
const LARGE_BYTES = 300_000_000;

await using folder = await TempFolder.create("pkgstash-figures-");
const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

async function measured<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const time = Math.round(performance.now() - start);
  console.log(`${what}: ${time} ms, RSS ${mebibytes(Deno.memoryUsage().rss)}`);
  return result;
}

async function publishOneIntoMany(): Promise<void> {
  const publishing = await openPublishing(folder.join("state"));
  const mine = await publishing.create("mine", {}, "figures");
  const { uploads } = publishing;
  const add = async (names: readonly string[], version: string) => {
    const upload = await uploads.open(mine);
    for (const name of names) {
      const { fileName, bytes } = await ownPackage(name, version);
      await uploads.put(mine, upload, { fileName, body: new Response(bytes).body! });
    }
    return async () => {
      await uploads.publish(mine, upload, { consent: NO_CONSENT, by: "figures" });
    };
  };
  const names = Array.from({ length: PACKAGES }, (_, number) => `package-${number}`);
  const publishAll = await measured(`send ${PACKAGES} packages`, () => add(names, "1.0-1"));
  await measured(`publish ${PACKAGES} packages, all signed`, publishAll);
  for (let round = 1; round <= 5; round++) {
    const publish = await add([`package-${round * 1000 % PACKAGES}`], "2.0-1");
    await measured(`publish one into ${PACKAGES}`, publish);
  }
  await publishing.signing.rotate({ overlapMs: 0 });
  await measured(
    `sign ${PACKAGES} packages again with a new key`,
    () => publishing.signatures.run(),
  );
  await publishing.stop();
}

/** An uncompressed package with so many bytes that nobody can compress. */
async function largePackage(): Promise<string> {
  const info = "pkgname = large\npkgver = 1.0-1\narch = any\n";
  const bytes = new Uint8Array(LARGE_BYTES);
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  const path = folder.join("large-1.0-1-any.pkg.tar");
  await Deno.writeFile(
    path,
    await madePackage([[".PKGINFO", info], { name: "content", bytes }]),
  );
  return path;
}

async function uploadOne(): Promise<void> {
  const path = await largePackage();
  await using app = await TestApp.start({ token: TOKEN, settings: { refresh_interval: "0" } });
  const tokenFile = folder.join("token");
  await Deno.writeTextFile(tokenFile, TOKEN);
  const repo = async (...args: string[]) => {
    const connection = ["--url", app.origin, "--token-file", tokenFile];
    const code = await runCli(["repo", ...args, ...connection], {
      out: () => {},
      err: console.error,
    });
    if (code !== 0) throw new Error(`repo ${args.join(" ")} exits with ${code}`);
  };
  await repo("create", "mine");
  const what = mebibytes(LARGE_BYTES);
  await measured(`cp and sync of ${what}`, async () => {
    await runCommand(["sh", "-c", `cp "${path}" "${path}.copy" && sync "${path}.copy"`]);
  });
  await measured(
    `repo add of ${what}, read, signed and published`,
    () => repo("add", "mine", path),
  );
}

await publishOneIntoMany();
await uploadOne();
