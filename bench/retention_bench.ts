import { planRetention } from "../src/mirroring/cleanup/retention.ts";
import { retentionInput } from "./cache_of_100000.ts";

const everyRule = retentionInput();
const limits = {
  keepVersions: 1000,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 90,
  minFreeBytes: 0,
};

Deno.bench("plan over 100,000 packages, every rule evicts some", () => {
  planRetention(everyRule);
});

Deno.bench("plan over 100,000 packages, nothing to evict", () => {
  planRetention({ ...everyRule, limits });
});
