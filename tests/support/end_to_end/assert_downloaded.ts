import { assertEquals } from "@std/assert";
import { fileDigest } from "./file_digest.ts";
import type { BuiltPackage } from "./package_builder.ts";
import type { PacmanClient } from "./pacman_client.ts";

/** Asserts that a client's cache holds these packages, each byte as makepkg made it. */
export async function assertDownloaded(
  client: PacmanClient,
  ...packages: readonly Pick<BuiltPackage, "file" | "path">[]
): Promise<void> {
  for (const { file, path } of packages) {
    assertEquals(await fileDigest(client.cached(file)), await fileDigest(path), file);
  }
}
