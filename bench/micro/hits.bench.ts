// A request from the handler's point of view, without sockets: the hot path of a hit and of a 304.
import { join } from "@std/path";
import { Administration } from "../../src/administration/administration.ts";
import { Building } from "../../src/building/building.ts";
import { History } from "../../src/history/history.ts";
import { Mirroring } from "../../src/mirroring/mirroring.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { Publishing } from "../../src/publishing/publishing.ts";
import { AccessRules } from "../../src/server/access_rules.ts";
import { OpenStreams } from "../../src/server/admin/open_streams.ts";
import { Sessions } from "../../src/server/admin/sessions.ts";
import { createHandler } from "../../src/server/handler.ts";
import { configOf } from "../../tests/support/configuration.ts";
import { FakeMirror } from "../../tests/support/fake_mirror.ts";
import { PublishedRepository } from "../../tests/support/published_repository.ts";
import { until } from "../../tests/support/until.ts";

const SMALL_BYTES = 566;
const PACKAGES = 1000;

const cacheRoot = await Deno.makeTempDir({ prefix: "pkgstash-micro-" });
addEventListener("unload", () => Deno.removeSync(cacheRoot, { recursive: true }));
const mirror = await FakeMirror.start();
const repository = new PublishedRepository(mirror);
for (let i = 0; i < PACKAGES; i++) repository.set(`package${i}`, 1, { size: SMALL_BYTES });
await repository.publish();
const config = configOf("", {
  PKGSTASH_CACHE_ROOT: cacheRoot,
  PKGSTASH_STATE_ROOT: join(cacheRoot, "state"),
  PKGSTASH_MIRROR_URLS: mirror.url,
  PKGSTASH_MIRRORED_REPOS: "core",
  PKGSTASH_REFRESH_INTERVAL: "0",
});
const metrics = new Metrics();
const history = new History(config, metrics);
const mirroring = await Mirroring.open(config, metrics, history);
await history.open();
const publishing = await Publishing.open(config, {
  readPassphrase: () => null,
  namesakes: (names) => mirroring.served.namesakesOf(names),
});
const administration = new Administration(config.stateRoot);
const handler = createHandler({
  config,
  access: new AccessRules(config),
  administration,
  mirroring,
  publishing,
  building: await Building.open(config, {
    publishing,
    mirrored: mirroring.served,
    record: () => Promise.resolve(),
  }),
  metrics,
  sessions: new Sessions(administration),
  history,
  streams: new OpenStreams(),
  provenance: { origins: new Map(), file: null, readAt: 0, failure: null },
  startedAt: { wall: Date.now(), monotonic: performance.now() },
});

const info = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 50_000 },
  completed: Promise.resolve(),
} as const;
const urlOf = (path: string) => `http://127.0.0.1:8090${path}`;
const userAgent = { "user-agent": "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1" };
const urls = Array.from(
  { length: PACKAGES },
  (_, i) => urlOf(repository.package(`package${i}`, 1)),
);
await (await handler(new Request(urlOf(repository.path("core.db"))), info)).arrayBuffer();
for (const url of urls) await (await handler(new Request(url), info)).arrayBuffer();
await until("all packages are in the cache", async () => {
  const names = await Array.fromAsync(Deno.readDir(join(cacheRoot, repository.directory)));
  return names.filter(({ name }) => name.endsWith(".zst")).length === PACKAGES;
});
const response = await handler(new Request(urls[0]!), info);
const condition = { "if-modified-since": response.headers.get("last-modified")! };
await response.body?.cancel();

/** One request; a hit has a body, and a 304 has none. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await handler(new Request(url, { headers: { ...userAgent, ...headers } }), info);
  if (response.status !== (response.body === null ? 304 : 200)) {
    throw new Error(`status ${response.status} for ${url}`);
  }
  await response.body?.cancel();
}

// The first answers are from disk.
for (const url of urls) await ask(url);
let next = 0;

// Only what is an AsyncFunction is awaited.
Deno.bench("hit: one file of 566 bytes", async () => await ask(urls[0]!));

Deno.bench("hit: 1,000 files of 566 bytes in turn", async () => {
  await ask(urls[next++ % PACKAGES]!);
});

Deno.bench("hit: 304", async () => await ask(urls[0]!, condition));
