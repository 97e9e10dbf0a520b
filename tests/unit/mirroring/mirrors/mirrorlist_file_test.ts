import { assertEquals, assertStrictEquals } from "@std/assert";
import type { UpstreamConfig } from "../../../../src/config/config.ts";
import { isOwnAddress } from "../../../../src/mirroring/mirrors/own_address.ts";
import { MirrorlistFile } from "../../../../src/mirroring/mirrors/mirrorlist_file.ts";
import { Upstreams } from "../../../../src/mirroring/mirrors/upstreams.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { hostName } from "../../../../src/platform/host_name.ts";
import { configOf } from "../../../support/configuration.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const LISTEN = { listenAddress: "0.0.0.0", port: 8090 };
const LIST = `
## Germany
#Server = https://off.example/$repo/os/$arch
Server = https://a.example/$repo/os/$arch
 Server=https://b.example/archlinux/$repo/os/$arch   # a comment
CacheServer = https://cache.example/$repo/os/$arch
`;

/** A mirrorlist in a folder of its own. */
class Bed implements AsyncDisposable {
  readonly log = new LogLines();
  readonly path: string;

  private constructor(readonly folder: TempFolder) {
    this.path = folder.join("mirrorlist");
  }

  static async start(text: string | null = LIST): Promise<Bed> {
    const bed = new Bed(await TempFolder.create());
    if (text !== null) await bed.replace(text);
    return bed;
  }

  /** Replaces the file as reflector does: by another one. */
  async replace(text: string): Promise<void> {
    const other = this.folder.join("new");
    await Deno.writeTextFile(other, text);
    await Deno.rename(other, this.path);
  }

  config(...lines: string[]) {
    return configOf([`mirrorlist = "${this.path}"`, ...lines].join("\n"));
  }

  file(...lines: string[]): MirrorlistFile {
    return new MirrorlistFile(this.config(...lines).upstreams[0] as UpstreamConfig, LISTEN);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("a mirrorlist gives its Server lines, in order and without comments", async () => {
  await using bed = await Bed.start();
  const file = bed.file();
  assertEquals(file.check(), true);
  assertEquals(file.urls, [
    "https://a.example/$repo/os/$arch",
    "https://b.example/archlinux/$repo/os/$arch",
  ]);
  assertEquals([file.state.mirrors, file.state.failure], [2, null]);
});

Deno.test("a mirrorlist is read again when it was replaced or written, and only then", async () => {
  await using bed = await Bed.start();
  const file = bed.file();
  file.check();
  assertEquals(file.check(), false);
  await bed.replace("Server = https://c.example/$repo/os/$arch\n");
  assertEquals(file.check(), true);
  assertEquals(file.urls, ["https://c.example/$repo/os/$arch"]);
  await Deno.writeTextFile(bed.path, "Server = https://d.example/$repo\n", { append: true });
  assertEquals(file.check(), true);
  assertEquals(file.urls.length, 2);
  assertEquals(file.check(), false);
});

Deno.test("a mirrorlist that is gone, empty or unusable keeps the last good one, and says so once", async (t) => {
  await using bed = await Bed.start();
  const file = bed.file();
  file.check();
  const good = file.urls;
  const table: [what: string, spoil: () => Promise<void>, failure: RegExp][] = [
    ["gone", () => Deno.remove(bed.path), /no such file/],
    ["empty", () => bed.replace("#Server = https://a.example/$repo\n"), /no usable Server line/],
    ["rsync", () => bed.replace("Server = rsync://a.example/$repo\n"), /an http or https URL/],
    ["a directory", async () => {
      await Deno.remove(bed.path);
      await Deno.mkdir(bed.path);
    }, /directory/],
  ];
  for (const [what, spoil, failure] of table) {
    await t.step(what, async () => {
      await spoil();
      const before = bed.log.matching(/cannot use the mirrorlist/).length;
      assertEquals([file.check(), file.check()], [false, false]);
      assertStrictEquals(file.urls, good);
      assertEquals(failure.test(file.state.failure ?? ""), true, file.state.failure ?? "");
      assertEquals(bed.log.matching(/cannot use the mirrorlist/).length, before + 1);
    });
  }
  await Deno.remove(bed.path);
  await bed.replace(LIST);
  file.check();
  assertEquals(file.state.failure, null);
});

Deno.test("a mirrorlist's lines that cannot be asked are skipped with a warning", async () => {
  await using bed = await Bed.start(
    `Server = http://localhost:8090/$repo/os/$arch
     Server = ftp://a.example/$repo/os/$arch
     Server = https://a.example/$arch
     ${LIST}
     Server = https://a.example/$repo/os/$arch`,
  );
  const file = bed.file();
  file.check();
  assertEquals(file.urls.length, 2);
  await bed.log.waitFor(/skipped.*localhost:8090 is this daemon itself, and 2 more/);
});

Deno.test("an address of this machine with the daemon's port is the daemon itself", async (t) => {
  const table: [url: string, isOwn: boolean, listenAddress?: string][] = [
    ["http://localhost:8090/$repo", true],
    ["http://127.0.0.1:8090/", true],
    ["http://[::1]:8090/", true],
    [`http://${hostName()}:8090/`, true],
    ["http://192.0.2.7:8090/", true, "192.0.2.7"],
    ["http://192.0.2.7:8090/", false],
    ["http://127.0.0.1:8091/", false],
    ["https://a.example/", false],
  ];
  for (const [url, isOwn, listenAddress = "0.0.0.0"] of table) {
    await t.step(url, () => {
      assertEquals(isOwnAddress(url, { ...LISTEN, listenAddress }), isOwn);
    });
  }
  assertEquals(isOwnAddress("http://localhost/", { listenAddress: "::", port: 80 }), true);
});

Deno.test("mirrors of keys and mirrorlist are joined, and each is asked once", async () => {
  await using bed = await Bed.start();
  const urls = 'mirror_urls = ["https://b.example/archlinux/", "https://c.example/"]';
  using upstreams = new Upstreams(bed.config(urls), new Metrics());
  const names = [...upstreams][0]!.pool.mirrors.map(({ name }) => name);
  assertEquals(names, ["b.example/archlinux", "c.example", "a.example"]);
});

Deno.test("a changed mirrorlist is put in force, and mirrors that stay keep their health", async () => {
  await using bed = await Bed.start();
  const changed: string[] = [];
  using upstreams = new Upstreams(bed.config(), new Metrics(), {
    onMirrorsChanged: (upstream) => changed.push(upstream),
  });
  const { pool } = [...upstreams][0]!;
  const [, stays] = pool.mirrors;
  stays!.health.recordFailure("down");
  upstreams.checkMirrorlists();
  assertEquals(changed, []);

  await bed.replace(
    "Server = https://n.example/$repo/os/$arch\nServer = https://b.example/archlinux/$repo/os/$arch",
  );
  upstreams.checkMirrorlists();
  assertEquals(changed, ["arch"]);
  assertEquals(pool.mirrors.map(({ name }) => name), ["n.example", "b.example/archlinux"]);
  assertStrictEquals(pool.mirrors[1], stays);

  await Deno.remove(bed.path);
  upstreams.checkMirrorlists();
  upstreams.reconfigure(bed.config('user_agent = "another"'));
  assertEquals(pool.mirrors.length, 2);
  assertEquals(upstreams.mirrorlists.map(({ failure }) => failure), ["no such file"]);
});

Deno.test("a mirrorlist that is missing at the start is used as soon as it is there", async () => {
  await using bed = await Bed.start(null);
  using upstreams = new Upstreams(bed.config(), new Metrics());
  const { pool } = [...upstreams][0]!;
  assertEquals(pool.mirrors.length, 0);
  await bed.replace(LIST);
  upstreams.checkMirrorlists();
  assertEquals(pool.mirrors.length, 2);
});
