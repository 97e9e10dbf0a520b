// Prints figures of one run. Times depend on the machine, so none is asserted.
import { assertEquals } from "@std/assert";
import { format } from "@std/fmt/bytes";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_size.ts";

/** Milliseconds from a request to the first byte of its body. Reads the rest as well. */
async function firstByteMs(url: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(url);
  assertEquals(response.status, 200, url);
  let first = 0;
  for await (const _chunk of response.body ?? []) first ||= performance.now() - start;
  return first;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

endToEndTest("the figures of ten clients and of first bytes are printed", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  const names = ["huge", "bulk-1", "bulk-2", "bulk-3", "bulk-4", "app", "base-files", "libcore"];
  const packages = names.map((name) => repositories.package(name));
  const clients = await Promise.all(Array.from({ length: 10 }, () => bed.client(pkgstash)));
  const start = performance.now();
  await Promise.all(clients.map((client) => client.run("-Sy", ...names)));
  const seconds = (performance.now() - start) / 1000;

  const fetched = (await mirror.requests()).reduce((sum, { bytes }) => sum + bytes, 0);
  const received = await Promise.all(clients.flatMap((client) => [
    ...packages.map(({ file }) => fileSize(client.cached(file))),
    ...["core.db", "extra.db"].map((file) => fileSize(client.database(file))),
  ]));
  const served = received.reduce((sum, size) => sum + size, 0);
  const show = (bytes: number) => `${format(bytes)} (${bytes} bytes)`;
  console.log(`ten clients installed ${names.length} packages at once in ${seconds.toFixed(1)} s`);
  console.log(`bytes from upstream: ${show(fetched)}`);
  console.log(
    `bytes served:        ${show(served)}, ${(served / fetched).toFixed(1)} times as many`,
  );

  const direct: number[] = [];
  const miss: number[] = [];
  const hit: number[] = [];
  // Each round is a miss: it requests a file that nobody has requested before.
  const files = Array.from({ length: 10 }, (_, i) => `probe-1.${i}-1-any.pkg.tar.zst`);
  for (const file of files) {
    await Deno.copyFile(repositories.package("bulk-1").path, repositories.extra.path(file));
    direct.push(await firstByteMs(`${mirror.url()}extra/os/x86_64/${file}`));
    miss.push(await firstByteMs(`${pkgstash.url}extra/os/x86_64/${file}`));
  }
  for (const file of files) hit.push(await firstByteMs(`${pkgstash.url}extra/os/x86_64/${file}`));
  const row = (what: string, times: readonly number[]) =>
    console.log(
      `first byte, ${what}: median ${median(times).toFixed(1)} ms, worst ${
        Math.max(...times).toFixed(1)
      } ms of ${times.length}`,
    );
  row("nginx directly       ", direct);
  row("miss through pkgstash", miss);
  row("hit in pkgstash      ", hit);
});
