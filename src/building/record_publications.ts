import type { PackageStore } from "./packages/package_store.ts";
import type { Build } from "./queue/build.ts";

/**
 * Records publications of watched packages that are not recorded yet: of a build that has just been
 * published, or of all builds, because a crash may come between a publication and its record.
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
