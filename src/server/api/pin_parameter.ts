import type { PinReport } from "../../api/pin_report.ts";
import { text } from "../../api/schema.ts";
import type { IndexedPin } from "../../mirroring/cache/cache_index.ts";
import { PkgstashError } from "../../errors.ts";
import type { ApiCall, ApiParameter } from "./api_route.ts";

/** What names of packages and their files are made of, and the two wildcards. */
const PATTERN = /^[A-Za-z0-9@._+:~*?-]{1,255}$/;

export const PIN_PARAMETER: ApiParameter = {
  name: "pattern",
  in: "path",
  description: "name of a package, glob of such with * and ?, or that of a package file",
  schema: text("a question mark is sent as %3F"),
};

/** The pattern of a call; throws `invalid_request` for one that no package could have. */
export function pinPattern({ path }: Pick<ApiCall, "path">): string {
  const pattern = path["pattern"]!;
  if (PATTERN.test(pattern)) return pattern;
  throw new PkgstashError(
    "invalid_request",
    `Cannot pin ${JSON.stringify(pattern)}: no package has such a name. Name a package (linux), ` +
      "names with * and ? (nvidia-*), or a package file (linux-6.1-1-x86_64.pkg.tar.zst).",
  );
}

export function pinReport({ pattern, since }: IndexedPin): PinReport {
  return { pattern, source: "api", since: new Date(since).toISOString() };
}
