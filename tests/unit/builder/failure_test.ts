import { assertEquals } from "@std/assert";
import { makepkgFailure } from "../../../src/builder/failure.ts";
import { pacmanFailure } from "../../../src/builder/roots/root_maker.ts";

Deno.test("a failure of makepkg is classified by its output, or else by its exit code", () => {
  const cases: [code: number, output: string, failure: string][] = [
    [1, "==> ERROR: One or more files did not pass the validity check!", "checksum"],
    [1, "curl: (6) Could not resolve host: x\n==> ERROR: Failure while downloading x", "network"],
    [1, "==> ERROR: Failure while downloading http://x/y", "source_gone"],
    [1, "==> ERROR: One or more PGP signatures could not be verified!", "signature"],
    [4, "==> ERROR: A failure occurred in check().", "test_failure"],
    [4, "==> ERROR: A failure occurred in build().", "build_error"],
    [8, "", "dependency_missing"],
    [2, "", "builder_unfit"],
    [99, "", "build_error"],
  ];
  for (const [code, output, expected] of cases) {
    assertEquals(makepkgFailure("building", code, output).failure, expected, output);
  }
});

Deno.test("a failure of pacman names a missing dependency, and a failing mirror counts as network", () => {
  const missing = pacmanFailure("find foo", 1, "error: target not found: foo\n");
  assertEquals(missing.failure, "dependency_missing");
  assertEquals(missing.message, "No repository has foo, which the package needs.");
  const network = "error: failed retrieving file 'core.db' from localhost\n";
  assertEquals(pacmanFailure("synchronize", 1, network).failure, "network");
  assertEquals(pacmanFailure("install", 1, "error: odd\n").failure, "builder_unfit");
});
