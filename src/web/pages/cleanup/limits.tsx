import type { CleanupLimits } from "../../../api/cleanup.ts";
import { bytesText } from "../../../config/quantities.ts";
import { Fact, Facts } from "../../elements/facts.tsx";
import { Meter } from "../../elements/meter.tsx";
import { Bytes, Duration, percentText, Time } from "../../elements/quantities.tsx";
import type { Tone } from "../../page.ts";

/** A limit counts as near from this share of it. */
const NEAR = 0.9;

/** How close the cache is to its limits, and when the next cleanup runs. */
export function Limits({ limits }: { limits: CleanupLimits }) {
  const { cache_bytes, max_cache_bytes, free_bytes, min_free_bytes, max_age_ms, keep_versions } =
    limits;
  return (
    <Facts>
      <Fact label="Cache" value={<Bytes bytes={cache_bytes} />} tone={cacheTone(limits)}>
        {max_cache_bytes === null || cache_bytes === null
          ? <span class="more">no limit is set</span>
          : (
            <>
              <Meter
                share={cache_bytes / max_cache_bytes}
                tone={cacheTone(limits)}
                label={`${percentText(cache_bytes / max_cache_bytes)} of max_cache_size`}
              />
              <span class="more">of {bytesText(max_cache_bytes)} (max_cache_size)</span>
            </>
          )}
      </Fact>
      <Fact label="Free on the disk" value={<Bytes bytes={free_bytes} />} tone={diskTone(limits)}>
        {min_free_bytes === null || free_bytes === null
          ? <span class="more">no limit is set</span>
          : (
            <>
              <Meter
                share={min_free_bytes / Math.max(free_bytes, min_free_bytes)}
                tone={diskTone(limits)}
                label={`${bytesText(min_free_bytes)} must stay free`}
              />
              <span class="more">{bytesText(min_free_bytes)} must stay free (min_free_space)</span>
            </>
          )}
      </Fact>
      <Fact label="Next cleanup" value={<Time at={limits.next_at} none="not scheduled" />}>
        <span class="more">
          {limits.next_at === null ? "refresh_interval is 0" : "after the next refresh"}
        </span>
      </Fact>
      <Fact
        label="Old versions kept"
        value={keep_versions === 0 ? "none" : `${keep_versions} each`}
      >
        <span class="more">
          {max_age_ms === null ? "of any age" : (
            <>
              unused for <Duration ms={max_age_ms} /> at most
            </>
          )}
        </span>
      </Fact>
    </Facts>
  );
}

function cacheTone({ cache_bytes, max_cache_bytes }: CleanupLimits): Tone {
  if (cache_bytes === null || max_cache_bytes === null) return "calm";
  return cache_bytes > max_cache_bytes * NEAR ? "warn" : "calm";
}

function diskTone({ free_bytes, min_free_bytes }: CleanupLimits): Tone {
  if (free_bytes === null || min_free_bytes === null) return "calm";
  return free_bytes < min_free_bytes ? "bad" : min_free_bytes > free_bytes * NEAR ? "warn" : "calm";
}
