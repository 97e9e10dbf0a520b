import { ADD_PIN } from "../../src/api/pins.ts";
import { ApiClient } from "../../src/cli/api_client.ts";
import type { FakeMirror } from "../support/fake_mirror.ts";
import { MirroredRepository } from "./mirrored_repository.ts";

/** Fills the cache over HTTP, as clients and an administrator would. */
export async function fillCache(
  mirrors: readonly FakeMirror[],
  daemon: { readonly url: string; readonly token: string; readonly signal: AbortSignal },
): Promise<void> {
  const core = new MirroredRepository(mirrors, "core");
  const extra = new MirroredRepository(mirrors, "extra");
  const { url, token, signal } = daemon;
  const download = async (path: string) => {
    const response = await fetch(url + path, { signal });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} answered with status ${response.status}.`);
  };

  await core.publish([
    { name: "glibc", version: "2.42-1", bytes: 1_500_000, isSigned: true },
    { name: "linux", version: "6.17.8-1", bytes: 4_000_000, depends: ["glibc"] },
    { name: "nano", version: "8.7-1", bytes: 600_000, depends: ["glibc"] },
    { name: "zstd", version: "1.5.7-1", bytes: 500_000 },
  ]);
  await extra.publish([
    { name: "firefox", version: "145.0-1", bytes: 6_000_000, depends: ["glibc"] },
    { name: "git", version: "2.52.0-1", bytes: 2_000_000 },
  ]);
  await Promise.all([download(core.pathOf("core.db")), download(extra.pathOf("extra.db"))]);
  for (const name of ["glibc", "linux", "nano", "nano"]) await download(core.packagePath(name));
  await download(`${core.packagePath("glibc")}.sig`);
  await download(extra.packagePath("firefox"));

  // The new linux leaves an old version for retention, the new firefox one for prefetch.
  await core.publish([{ name: "linux", version: "6.17.9-1", bytes: 4_100_000 }]);
  await download(core.pathOf("core.db"));
  await download(core.packagePath("linux"));
  await extra.publish([{ name: "firefox", version: "145.0.1-1", bytes: 30_000_000 }]);

  await new ApiClient(url, () => Promise.resolve({ token, source: "this program" })).call(ADD_PIN, {
    pattern: "glibc",
  });
}
