import { planRetention } from "../../src/mirroring/cleanup/retention.ts";
import { retentionInput } from "../large_cache.ts";

const COUNT = 28_000;
const everyRule = retentionInput(COUNT);
const limits = {
  keepVersions: 1000,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 90,
  minFreeBytes: 0,
};

Deno.bench("retention: plan over 28,000 packages, every rule evicts some", async () => {
  await planRetention(everyRule);
});

Deno.bench("retention: plan over 28,000 packages, nothing to evict", async () => {
  await planRetention({ ...everyRule, limits });
});
