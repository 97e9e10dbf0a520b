import { planRetention } from "../src/mirroring/cleanup/retention.ts";
import { planning } from "./cache_of_100000.ts";

const everyRule = planning();
const limits = {
  keepVersions: 1000,
  maxCacheAge: 0,
  maxCacheSize: 0,
  cacheLowWater: 90,
  minFreeSpace: 0,
};

Deno.bench("plan over 100,000 packages, every rule at work", () => {
  planRetention(everyRule);
});

Deno.bench("plan over 100,000 packages, nothing to do", () => {
  planRetention({ ...everyRule, limits });
});
