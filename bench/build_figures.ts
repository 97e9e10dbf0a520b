/**
 * Measures AUR builds of a small package, in real sandboxes, beside plain makepkg: the first build,
 * which makes the root, and version bumps, from the push to the publication:
 * `deno run -A bench/build_figures.ts [BUMPS]`, as an ordinary user.
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { BuildBed, packageSource } from "../tests/support/building/build_bed.ts";
import { QueueBed } from "../tests/support/building/queue_bed.ts";
import { FakeAur } from "../tests/support/fake_aur.ts";
import { makepkg } from "../tests/support/makepkg.ts";
import { until } from "../tests/support/until.ts";
import { median } from "./load/statistics.ts";

const BUMPS = Number(Deno.args[0] ?? 5);
const NAME = "small";
const FIRST_PUSH_S = 1_700_000_000;

function sourceOf(version: number): Record<string, string> {
  const body = 'package() { install -Dm644 /etc/passwd "$pkgdir/usr/share/$pkgname/file"; }';
  const { files } = packageSource(NAME, { body });
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text.replace(/pkgver( ?= ?)1\.0/, `pkgver$1${version}.0`),
    ]),
  );
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function print(what: string, seconds: readonly number[]): void {
  const sorted = seconds.toSorted((one, other) => one - other);
  const [least, most] = [sorted[0]!, sorted.at(-1)!].map((each) => each.toFixed(1));
  const range = seconds.length === 1 ? "" : ` (${least} to ${most})`;
  console.log(`${what}: ${median(seconds).toFixed(1)} s${range}`);
}

await using aur = new FakeAur();
await using bed = await BuildBed.create({
  aur: { url: aur.url, cool_down: "0", new_maintainer_cool_down: "0" },
});
await using queue = await QueueBed.open(bed);

async function published(version: number): Promise<void> {
  const line = new RegExp(`${NAME} +${version}\\.0-1 .*published`);
  await until("it is published", async () => line.test(await queue.run("builds", "list")));
}

const plain: number[] = [];
for (let round = 0; round < BUMPS; round++) {
  const folder = await bed.bed.newFolder("plain");
  await Deno.writeTextFile(join(folder, "PKGBUILD"), sourceOf(round + 1)["PKGBUILD"]!);
  plain.push(await timeOf(() => makepkg(folder, { configuration: "" })));
}
print("makepkg alone", plain);

aur.put(NAME, { files: sourceOf(1), lastModified: FIRST_PUSH_S });
await queue.run("aur", "add", NAME);
print(
  "first build, approval to publication",
  [
    await timeOf(async () => {
      await queue.approve(`${NAME} 1.0-1`);
      await published(1);
    }),
  ],
);

const bumps: number[] = [];
for (let version = 2; version <= BUMPS + 1; version++) {
  aur.push(NAME, sourceOf(version), FIRST_PUSH_S + version * 3600);
  bumps.push(
    await timeOf(async () => {
      await queue.run("aur", "check");
      await published(version);
    }),
  );
}
print("version bump, check to publication", bumps);
const client = await queue.client();
await client.run("-Sy", NAME);
assertEquals(await client.run("-Q"), `${NAME} ${BUMPS + 1}.0-1\n`);
