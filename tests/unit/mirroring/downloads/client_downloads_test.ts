import { assertEquals } from "@std/assert";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";

const download = () => ({ done: Promise.withResolvers<never>().promise }) as unknown as Download;

Deno.test("the slowest reader of a download is the one that takes the fewest bytes a second", () => {
  let now = 0;
  const clients = new ClientDownloads(() => now);
  const [theirs, another] = [download(), download()];
  assertEquals(clients.slowestReader(theirs), null);
  const fast = clients.addReader(theirs, "192.0.2.1");
  const slow = clients.addReader(theirs, "192.0.2.2");
  clients.addReader(another, "192.0.2.3");
  for (let second = 0; second < 5; second++) {
    now += 1000;
    fast.add(100_000);
    slow.add(10_000);
  }
  assertEquals(clients.slowestReader(theirs)?.address, "192.0.2.2");
  assertEquals(clients.slowestReader(theirs)?.bytes, 50_000);
  slow[Symbol.dispose]();
  assertEquals(clients.slowestReader(theirs), fast);
  fast[Symbol.dispose]();
  assertEquals(clients.slowestReader(theirs), null);
});
