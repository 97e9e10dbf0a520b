import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { register } from "prom-client";
import { Metrics, type Sample } from "../../../../src/platform/observability/metrics.ts";
import { LogLines } from "../../../support/log_lines.ts";

Deno.test("the text has every count, by its labels", async (t) => {
  let cacheBytes = 10;
  const metrics = new Metrics();
  metrics.observeCacheSize(() => cacheBytes);
  metrics.countRequest("hit");
  metrics.countRequest("hit");
  metrics.countRequest("miss");
  metrics.addBytesServed(1500);
  metrics.addBytesFetched(500);
  metrics.addBytesFetched(1);
  metrics.countUpstreamError("mirror.example.org", "status");
  metrics.addDownload();
  metrics.addDownload();
  metrics.removeDownload();
  metrics.recordFirstByte("mirror.example.org", 0.3);
  cacheBytes = 4096;
  const text = await metrics.text();
  for (
    const line of [
      'pkgstash_requests_total{result="hit"} 2',
      'pkgstash_requests_total{result="miss"} 1',
      'pkgstash_requests_total{result="stale"} 0',
      "pkgstash_bytes_served_total 1500",
      "pkgstash_bytes_fetched_total 501",
      'pkgstash_upstream_errors_total{mirror="mirror.example.org",reason="status"} 1',
      "pkgstash_downloads_in_flight 1",
      "pkgstash_cache_size_bytes 4096",
      'pkgstash_upstream_first_byte_seconds_bucket{le="0.25",mirror="mirror.example.org"} 0',
      'pkgstash_upstream_first_byte_seconds_bucket{le="0.5",mirror="mirror.example.org"} 1',
      'pkgstash_upstream_first_byte_seconds_count{mirror="mirror.example.org"} 1',
    ]
  ) await t.step(line, () => assertStringIncludes(`\n${text}`, `\n${line}\n`));
  assertMatch(metrics.contentType, /^text\/plain; version=0\.0\.4/);
});

Deno.test("a gauge has the samples of the moment, and none for what is not known or cannot be read", async () => {
  const log = new LogLines();
  const metrics = new Metrics();
  let samples: Sample[] | null = [{ label: "a", value: 1 }, { label: "b", value: 2 }];
  const read = () =>
    samples === null ? Promise.reject(new Error("gone")) : Promise.resolve(samples);
  metrics.observe({ name: "pkgstash_x", help: "x.", label: "of" }, read);
  metrics.observe({ name: "pkgstash_y", help: "y." }, async () => (await read()).slice(0, 1));
  const lines = async () =>
    (await metrics.text()).split("\n").filter((line) => /^pkgstash_[xy]/.test(line));
  assertEquals(await lines(), ['pkgstash_x{of="a"} 1', 'pkgstash_x{of="b"} 2', "pkgstash_y 1"]);
  samples = [{ label: "b", value: 3 }];
  assertEquals(await lines(), ['pkgstash_x{of="b"} 3', "pkgstash_y 3"]);
  samples = [];
  assertEquals(await lines(), []);
  samples = null;
  assertEquals(await lines(), []);
  assertEquals(log.matching(/WARNING cannot read a metric name=pkgstash_x reason=gone/).length, 1);
});

Deno.test("the text waits for the size of the cache", async () => {
  const metrics = new Metrics();
  metrics.observeCacheSize(() => Promise.resolve(7));
  assertStringIncludes(await metrics.text(), "\npkgstash_cache_size_bytes 7\n");
});

Deno.test("two instances share no metrics, and every name begins with pkgstash_", async () => {
  const [one, other] = [new Metrics(), new Metrics()];
  one.countRequest("hit");
  assertStringIncludes(await other.text(), '\npkgstash_requests_total{result="hit"} 0\n');
  const names = [...(await one.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  assertEquals(names.filter((name) => !name.startsWith("pkgstash_")), []);
  assertEquals(await register.metrics(), "\n");
});

Deno.test("a mirror name with quotes, line feeds and backslashes is escaped", async () => {
  const metrics = new Metrics();
  metrics.countUpstreamError('a"b\nc\\', "status");
  assertStringIncludes(await metrics.text(), 'mirror="a\\"b\\nc\\\\",reason="status"} 1\n');
});
