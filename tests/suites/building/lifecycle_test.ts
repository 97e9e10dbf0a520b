// Builders that die, stop or share the work, and a daemon that is away for a while.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { buildingTest, OWN, packageSource } from "../../support/building/build_bed.ts";
import { until } from "../../support/until.ts";

const PACKAGE = 'package() { install -d "$pkgdir/usr/share/$pkgname"; }';

/** Processes of the machine whose command line has this text. */
function processesWith(text: string): number {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false;
    }
  }).length;
}

function waiting(mark: string): string {
  return `build() { sleep ${mark}; }\n${PACKAGE}`;
}

buildingTest("builders share a queue, and one that dies leaves nothing behind", async (bed, t) => {
  const { queue } = bed;

  await t.step(
    "a builder killed midway leaves no process, and the next one builds the job",
    async () => {
      const mark = `96${Math.floor(Math.random() * 1e7)}`;
      const source = packageSource("killed", { body: waiting(mark) });
      const job = queue.add(source);
      const builder = await bed.builder();
      await until("the build runs", () => processesWith(mark) > 0, 60_000);
      await builder.kill();
      await until("no process is left", () => processesWith(mark) === 0);
      Object.assign(job.files, packageSource("killed", { body: PACKAGE }).files);
      queue.release(job);
      const next = await bed.builder();
      assertEquals((await queue.resultOf(job)).outcome, "built");
      assertEquals((await next.stop()).code, 0);
    },
  );

  await t.step("a builder stopped midway returns the job to the queue", async () => {
    const mark = `95${Math.floor(Math.random() * 1e7)}`;
    const job = queue.add(packageSource("stopped", { body: waiting(mark) }));
    const builder = await bed.builder();
    await until("the build runs", () => processesWith(mark) > 0, 60_000);
    assertEquals((await builder.stop()).code, 0);
    assertEquals((await queue.resultOf(job)).outcome, "cancelled");
    assertEquals(processesWith(mark), 0);
    const left = [...Deno.readDirSync(`${builder.folder}/state/work`)];
    assertEquals(left, []);
  });

  await t.step("a cancelled job ends at once", async () => {
    const mark = `94${Math.floor(Math.random() * 1e7)}`;
    await using _builder = await bed.builder();
    const job = queue.add({
      ...packageSource("cancelled", { body: waiting(mark) }),
      lease_ms: 2_000,
    });
    await until("the build runs", () => processesWith(mark) > 0, 60_000);
    job.isCancelled = true;
    assertEquals((await queue.resultOf(job)).outcome, "cancelled");
    assertEquals(processesWith(mark), 0);
  });

  await t.step(
    "a daemon that restarts and has lost part of a log gets all of it in the end",
    async () => {
      await using _builder = await bed.builder();
      const job = queue.add({
        ...packageSource("patient", {
          body: `build() { for i in {1..40}; do echo "line $i"; sleep 0.2; done; }\n${PACKAGE}`,
        }),
        lease_ms: 60_000,
      });
      await queue.until(() => queue.logOf(job).includes("line 3"));
      await queue.restart(() => {
        job.log = job.log.subarray(0, 10);
      });
      assertEquals((await queue.resultOf(job)).outcome, "built");
      const lines = [...queue.logOf(job).matchAll(/^line (\d+)$/gm)].map(([, number]) => number);
      assertEquals(lines, Array.from({ length: 40 }, (_, index) => String(index + 1)));
    },
  );

  await t.step("products that the daemon lost are uploaded again", async () => {
    await using _builder = await bed.builder();
    const job = queue.add(packageSource("lost", { body: PACKAGE }));
    const set = job.products.set.bind(job.products);
    let losses = 1;
    job.products.set = (file, bytes) => losses-- > 0 ? job.products : set(file, bytes);
    assertEquals((await queue.resultOf(job)).outcome, "built");
    assertEquals(job.products.size, 1);
  });

  await t.step("two builders work in parallel, and build each job once", async () => {
    const mark = `93${Math.floor(Math.random() * 1e7)}`;
    await using _one = await bed.builder();
    await using _other = await bed.builder();
    const jobs = ["left", "right"].map((name) =>
      queue.add(packageSource(name, { body: waiting(mark) }))
    );
    await until("both builds run", () => jobs.every(({ leases }) => leases === 1), 60_000);
    for (const job of jobs) job.isCancelled = true;
    for (const job of jobs) await queue.resultOf(job);
    assertEquals(jobs.map(({ leases }) => leases), [1, 1]);
  });
});

buildingTest("a build uses what earlier builds published", async (bed, t) => {
  const { queue } = bed;
  await using builder = await bed.builder();

  await t.step("a chain of three is built and installed", async () => {
    const chain: [string, string[]][] = [["first", []], ["second", ["first"]], ["third", [
      "second",
    ]]];
    for (const [name, depends] of chain) {
      const fields = { depends };
      const body = `build() { ls /usr/share; }\n${PACKAGE}`;
      const job = queue.add(packageSource(name, { fields, body }));
      assertEquals((await queue.resultOf(job)).outcome, "built", queue.logOf(job));
      for (const each of depends) {
        assertMatch(queue.logOf(job), new RegExp(`^${each}$`, "m"));
      }
      await bed.publish(job);
    }
    const client = await bed.bed.client(bed.server.pkgstash, {
      repositories: [OWN],
      sigLevel: "Required DatabaseRequired TrustedOnly",
      trust: await bed.server.key(),
    });
    await client.run("-Sy", "third");
    assertEquals(await client.run("-Q"), "first 1.0-1\nsecond 1.0-1\nthird 1.0-1\n");
  });

  await t.step("a split package yields all of its packages", async () => {
    const PKGBUILD = `pkgbase=split
pkgname=(split-lib split-app)
pkgver=1.0
pkgrel=1
arch=(any)
package_split-lib() { install -d "$pkgdir/usr/share/split-lib"; }
package_split-app() { depends=(split-lib); install -d "$pkgdir/usr/share/split-app"; }
`;
    const SRCINFO = "pkgbase = split\n\tpkgver = 1.0\n\tpkgrel = 1\n\tarch = any\n\n" +
      "pkgname = split-lib\n\npkgname = split-app\n\tdepends = split-lib\n";
    const job = queue.add({ package_base: "split", files: { PKGBUILD, ".SRCINFO": SRCINFO } });
    assertEquals((await queue.resultOf(job)).outcome, "built");
    assertEquals([...job.products.keys()].toSorted(), [
      "split-app-1.0-1-any.pkg.tar.zst",
      "split-lib-1.0-1-any.pkg.tar.zst",
    ]);
    await bed.publish(job);
  });

  await t.step("a rebuild has the pkgrel that the daemon sets", async () => {
    const job = queue.add({ ...packageSource("again", { body: PACKAGE }), pkgrel: "1.1" });
    assertEquals((await queue.resultOf(job)).outcome, "built");
    assertEquals([...job.products.keys()], ["again-1.0-1.1-any.pkg.tar.zst"]);
  });

  await t.step(
    "metadata that differ from the approved ones end the job before any function runs",
    async () => {
      queue.compare = () => ["depends: a new one"];
      const job = queue.add(
        packageSource("changed", { body: `build() { echo ran; }\n${PACKAGE}` }),
      );
      await builder.printed(/differ from the approved ones/);
      queue.compare = () => [];
      assert(!queue.logOf(job).includes("Starting build()"));
      assertEquals(job.products.size, 0);
    },
  );
});

buildingTest(
  "a package built twice is identical, or the differences are reported",
  async (bed) => {
    const { queue } = bed;
    await bed.builder();
    const same = queue.add({ ...packageSource("same", { body: PACKAGE }), reproduce: true });
    const result = await queue.resultOf(same);
    assertEquals(result.outcome === "built" && result.differences, [], queue.logOf(same));
    assertMatch(queue.logOf(same), /both builds are byte-for-byte identical/);
    const body = `package() {
    install -d "$pkgdir/usr/share/odd"
    echo same >"$pkgdir/usr/share/odd/same"
    head -c 16 /dev/urandom | base64 >"$pkgdir/usr/share/odd/differs"
  }`;
    const different = queue.add({ ...packageSource("odd", { body }), reproduce: true });
    const other = await queue.resultOf(different);
    assertEquals(other.outcome === "built" && other.differences, [
      { file: "odd-1.0-1-any.pkg.tar.zst", path: "usr/share/odd/differs" },
    ]);
    assertEquals([...different.products.keys()], ["odd-1.0-1-any.pkg.tar.zst"]);
  },
);
