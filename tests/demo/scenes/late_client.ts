import { packagesOf } from "../catalogue.ts";
import { bytesText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** Files that others have requested before need no mirror. */
export async function lateClient(stage: Stage): Promise<void> {
  const { story, ledger, catalogue } = stage;
  story.startScene("A late client requests everything");
  const before = stage.upstream;
  let bytes = 0;
  for (const file of [catalogue.core, catalogue.extra, ...packagesOf(catalogue)]) {
    const receipt = await stage.fetch("new-laptop", file, { cache: "HIT" });
    if (file === catalogue.glibc) ledger.firstBytes.cached = receipt;
    bytes += receipt.bytes;
  }
  const after = stage.upstream;
  const cost = after.bytes - before.bytes;
  const requests = after.requests - before.requests;
  story.event("mirrors", "", `sent ${bytesText(cost)} and received ${requests} requests for it`);
  ledger.recordTrial(
    cost === 0 && requests === 0,
    `a late client: ${bytesText(bytes)} served, ${bytesText(cost)} from the mirrors`,
  );
}
