import { assert, assertEquals } from "@std/assert";
import { Metrics } from "../../../src/platform/observability/metrics.ts";
import { STATE_METRICS } from "../../../src/server/state_metrics.ts";
import { PROJECT } from "../../support/project.ts";

const FILES = ["alerts.yml", "grafana-dashboard.json"];

/** Names of samples: a histogram has those of its parts. */
async function sampleNames(): Promise<Set<string>> {
  const metrics = new Metrics();
  metrics.observeCacheSize(() => 0);
  const names = new Set(STATE_METRICS.map(({ name }) => name));
  for (const [, name, type] of (await metrics.text()).matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    const parts = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const part of parts) names.add(name + part);
  }
  return names;
}

Deno.test("alert rules and dashboard ask for metrics that the daemon has", async () => {
  const known = await sampleNames();
  for (const file of FILES) {
    const text = await Deno.readTextFile(`${PROJECT}/deploy/monitoring/${file}`);
    const asked = text.match(/pkgstash_[a-z_]+/g) ?? [];
    assert(asked.length > 5);
    assertEquals(asked.filter((name) => !known.has(name)), [], file);
  }
});
