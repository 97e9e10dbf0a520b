import { assertEquals } from "@std/assert";
import { sha256OfFile } from "../sha256.ts";
import type { BuiltPackage } from "./package_builder.ts";
import type { PacmanClient } from "./pacman_client.ts";

/** Asserts that a client's cache has these packages, byte for byte as makepkg made them. */
export async function assertDownloaded(
  client: PacmanClient,
  ...packages: readonly Pick<BuiltPackage, "file" | "path">[]
): Promise<void> {
  for (const { file, path } of packages) {
    assertEquals(await sha256OfFile(client.cached(file)), await sha256OfFile(path), file);
  }
}
