import type { ClientDetails, ClientReport } from "../../../api/clients.ts";
import { counted, countText, percentText } from "../../elements/quantities.tsx";
import { Notice } from "../../elements/messages.tsx";

/** With fewer requests, a hit ratio means nothing. */
const FEWEST_REQUESTS = 20;
/** A hit ratio below this is worth a notice. */
const FEW_HITS = 0.5;
/** With this share of requests for absent files, a client probably syncs elsewhere. */
const MANY_ABSENT = 0.2;

/** Why a client gets little from the cache; nothing for one with a good hit ratio. */
export function MissNotice(
  { client, others }: { client: ClientDetails; others: readonly ClientReport[] },
) {
  const reasons = missReasons(client, others);
  if (reasons.length === 0) return null;
  return (
    <Notice tone="warn" title="Most of its requests miss the cache">
      <ul class="reasons">
        {reasons.map((reason) => <li key={reason}>{reason}</li>)}
      </ul>
    </Notice>
  );
}

/** Likely reasons for a low hit ratio, the likeliest first; empty if the ratio is good. */
export function missReasons(
  client: ClientDetails,
  others: readonly Pick<ClientReport, "address" | "agent">[],
): string[] {
  const { requests, hit_ratio, syncs } = client;
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0);
  if (all < FEWEST_REQUESTS || hit_ratio === null || hit_ratio >= FEW_HITS) return [];
  const reasons: string[] = [];
  const machine = machineOf(client.agent);
  const rest = others.filter(({ address }) => address !== client.address);
  const known = rest.filter(({ agent }) => machineOf(agent) !== null);
  if (
    machine !== null && known.length > 0 && known.every(({ agent }) => machineOf(agent) !== machine)
  ) {
    reasons.push(
      `It is the only client for ${machine}: no other client needs the same packages.`,
    );
  }
  if (syncs.length === 0) {
    reasons.push(
      "It has requested no database here, so it syncs elsewhere and may need other versions. " +
        "Put this server first in its mirrorlist.",
    );
  } else if (syncs.every(({ is_current }) => is_current === false)) {
    reasons.push(
      "Its databases are older than those here: it requests versions that no other client needs. " +
        "Run pacman -Syu on it.",
    );
  }
  if (requests.not_found / all >= MANY_ABSENT) {
    reasons.push(
      `${percentText(requests.not_found / all)} of its requests are for files that no mirror has.`,
    );
  }
  if (client.agent !== null && client.pacman_version === null) {
    reasons.push("It is not pacman, so it may request files that no other client does.");
  }
  if (reasons.length > 0) return reasons;
  return rest.length === 0 ? ["It is the only client, so it is the first to request each file."] : [
    `It requests files first: ${counted(requests.miss, "request")} of ${
      countText(all)
    } began a download. ` +
    "A refresh before it upgrades prefetches the new versions; see refresh_interval.",
  ];
}

/** The `x86_64` in `pacman/7.1.0 (Linux x86_64) libalpm/16.0.1`; null if there is none. */
function machineOf(agent: string | null): string | null {
  return /\(\S+ ([A-Za-z0-9_]{1,20})\)/.exec(agent ?? "")?.[1] ?? null;
}
