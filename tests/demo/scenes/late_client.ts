import { packagesOf } from "../catalogue.ts";
import { bytesText } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** What others have asked for costs nothing any more. */
export async function lateClient(stage: Stage): Promise<void> {
  const { story, ledger, catalogue } = stage;
  story.scene("A late client wants everything");
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
  story.tell("mirrors", "", `sent ${bytesText(cost)} for it, and got ${requests} requests`);
  ledger.survive(
    cost === 0 && requests === 0,
    `a late client: ${bytesText(bytes)} served, ${bytesText(cost)} from upstream`,
  );
}
