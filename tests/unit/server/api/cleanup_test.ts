import { assertEquals } from "@std/assert";
import { cleanupResult } from "../../../../src/server/api/cleanup.ts";

Deno.test("a report has the shape that the API promises, and nothing else", () => {
  const removal = {
    path: "core/os/x86_64/foo-1-1-any.pkg.tar.zst",
    bytes: 15,
    reason: "unused",
    why: "nobody took it",
    entry: "of no concern to others",
  } as const;
  const json = cleanupResult({
    plan: "0123",
    dryRun: true,
    removed: [removal],
    bytesFreed: 15,
    failed: [{ path: "a", why: "read-only" }],
    skipped: 2,
    kept: { files: 3, bytes: 30, current: 2, pinned: 1, inFlight: 0 },
    unmet: null,
  });
  const { entry: _, ...file } = removal;
  assertEquals(JSON.parse(JSON.stringify(json)), {
    plan: "0123",
    dry_run: true,
    bytes_freed: 15,
    files: [file],
    failed: [{ path: "a", why: "read-only" }],
    skipped: 2,
    kept: { files: 3, bytes: 30, current: 2, pinned: 1, in_flight: 0 },
    unmet: null,
  });
});
