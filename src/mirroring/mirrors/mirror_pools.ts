import type { Config } from "../../config/config.ts";
import { archiveAt, mirrorAt } from "./mirror.ts";
import { MirrorPool } from "./mirror_pool.ts";

/** The mirrors of every configured upstream, by the upstream's name. */
export function mirrorPools(
  { upstreams, archiveUrl }: Pick<Config, "upstreams" | "archiveUrl">,
): Map<string, MirrorPool> {
  // The archive keeps the packages of Arch Linux itself, which is the first upstream.
  const archive = archiveUrl === null ? null : archiveAt(archiveUrl);
  return new Map(
    upstreams.map(({ name, mirrorUrls, upstreamLayout }, index) => [
      name,
      new MirrorPool(
        mirrorUrls.map((address) => mirrorAt(address, upstreamLayout)),
        index === 0 ? archive : null,
      ),
    ]),
  );
}
