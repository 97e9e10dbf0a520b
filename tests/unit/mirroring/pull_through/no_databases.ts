import type { ServedDatabases } from "../../../../src/mirroring/pull_through/package_requests.ts";
import type { PackageSignaturesOptions } from "../../../../src/mirroring/pull_through/package_signatures.ts";

/** The databases of a repository that has none. */
export const NO_DATABASES: ServedDatabases & PackageSignaturesOptions["snapshots"] = {
  checkBehind: () => {},
  current: () => Promise.resolve(null),
  doubt: () => {},
  embeddedSignatureOf: () => Promise.resolve(null),
  epochOf: () => 0,
  knownCurrent: () => null,
  knownEmbeddedSignatureOf: () => null,
  knownExpectationOf: () => null,
  expectationOf: () => Promise.resolve(null),
  runningRefresh: () => null,
};
