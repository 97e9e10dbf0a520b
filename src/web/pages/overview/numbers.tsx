import type { Status } from "../../../api/status.ts";
import { Fact, Facts } from "../../elements/facts.tsx";
import { Meter } from "../../elements/meter.tsx";
import { bytesText } from "../../../config/quantities.ts";
import { counted, None, percentText, Time } from "../../elements/quantities.tsx";

/** From this share of its limit, the cache is shown as full. Cleanup keeps it below. */
const FULL = 0.98;

/** What pkgstash saves, and what it uses. */
export function Numbers({ status }: { status: Status }) {
  const { bytes, cache, hit_ratio, mirrors, started_at } = status;
  const used = cache.bytes === null || cache.max_bytes === null
    ? null
    : cache.bytes / cache.max_bytes;
  const usable = mirrors.ready + mirrors.unused;
  const all = usable + mirrors.resting;
  return (
    <Facts>
      <Fact
        label="Served from the cache"
        value={hit_ratio === null ? <None /> : percentText(hit_ratio)}
      >
        <span class="more">
          of requests since startup, <Time at={started_at} />
        </span>
      </Fact>
      <Fact label="Not downloaded again" value={bytesText(bytes.saved)}>
        <span class="more">
          {bytesText(bytes.served)} served, {bytesText(bytes.fetched)} fetched
        </span>
      </Fact>
      <Fact label="Cache" value={cache.bytes === null ? <None /> : bytesText(cache.bytes)}>
        {used === null || cache.max_bytes === null
          ? <span class="more">{counted(cache.packages, "package")}, no limit</span>
          : (
            <>
              <Meter
                share={used}
                label={`${percentText(used)} of the limit`}
                tone={used >= FULL ? "warn" : "calm"}
              />
              <span class="more">
                of {bytesText(cache.max_bytes)}, {counted(cache.packages, "package")}
              </span>
            </>
          )}
      </Fact>
      <Fact label="Free on disk" value={bytesText(cache.disk_free_bytes ?? 0)}>
        <span class="more path">{cache.root}</span>
      </Fact>
      <Fact
        label="Mirrors ready"
        value={`${usable} of ${all}`}
        tone={mirrors.resting === 0 ? "calm" : usable === 0 ? "bad" : "warn"}
      >
        <span class="more">
          {mirrors.resting === 0 ? "none resting" : `${`${mirrors.resting} resting`}`}
        </span>
      </Fact>
    </Facts>
  );
}
