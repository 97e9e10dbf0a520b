import type { PackageStore } from "./packages/package_store.ts";
import type { Build } from "./queue/build.ts";

/**
 * Notes what was published of watched packages, unless that is known: of builds that were published
 * just now, or of all of them, because a crash may have come between a publication and its note.
 */
export async function recordPublications(
  store: Pick<PackageStore, "find" | "update">,
  builds: readonly Build[],
): Promise<void> {
  for (const { packageBase, state, endedAt, products, version } of builds) {
    if (state !== "published" || endedAt === null) continue;
    if ((store.find(packageBase)?.published?.at ?? -Infinity) >= endedAt) continue;
    const published = { version: products[0]?.version ?? version, at: endedAt };
    await store.update(
      packageBase,
      (watched) =>
        (watched.published?.at ?? -Infinity) >= endedAt ? watched : { ...watched, published },
    );
  }
}
