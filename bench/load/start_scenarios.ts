import { join } from "@std/path";
import { DIRECTORIES, packages } from "../large_cache.ts";
import type { Scale } from "./scale.ts";
import { measure, type Scenario } from "./scenario.ts";

/** Starts of second instances, with a small cache and with a large one. */
export function startScenarios({ cachedPackages }: Scale): readonly Scenario[] {
  return [
    {
      name: "start",
      isOfNewInstances: true,
      measures: [measure("startMs", "exec to first answer", "ms", "lower", 1)],
      run: async (subject) => [await subject.measureStartMs("starts")],
    },
    {
      name: "start-100000",
      needs: "cache layout",
      isOfNewInstances: true,
      measures: [
        measure(
          "startLargeMs",
          `exec to first answer, ${cachedPackages.toLocaleString("en")} packages`,
          "ms",
          "lower",
          1,
        ),
      ],
      run: async (subject) => [
        await subject.measureStartMs("large-starts", {
          prepare: (folder) => fillCache(join(folder, "cache"), cachedPackages),
          repositories: DIRECTORIES.map((directory) => directory.split("/")[0]!),
        }),
      ],
    },
  ];
}

/** The packages and their signatures, of a byte each. */
async function fillCache(root: string, count: number): Promise<void> {
  for (const directory of DIRECTORIES) {
    await Deno.mkdir(join(root, directory), { recursive: true });
  }
  const byte = new Uint8Array(1);
  for (const { directory, fileName } of packages(count)) {
    const path = join(root, directory, fileName);
    Deno.writeFileSync(path, byte);
    Deno.writeFileSync(`${path}.sig`, byte);
  }
}
