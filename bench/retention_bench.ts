import { planRetention } from "../src/mirroring/cleanup/retention.ts";
import { planning } from "./cache_of_100000.ts";

const everyRule = planning();
const limits = {
  keepVersions: 1000,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 90,
  minFreeBytes: 0,
};

Deno.bench("plan over 100,000 packages, every rule at work", () => {
  planRetention(everyRule);
});

Deno.bench("plan over 100,000 packages, nothing to do", () => {
  planRetention({ ...everyRule, limits });
});
