import type { PackageList, PackageReport } from "../api/packages.ts";
import { AdministrationError } from "./administration_error.ts";
import type { ApiClient } from "./api_client.ts";
import { EXIT_CODE } from "./exit_code.ts";

/** The path of a package in the API; slashes stay. */
export function packagePath({ path }: Pick<PackageReport, "path">): string {
  return `packages/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * The packages that a word on the command line means: a path below the server's root, or a name, a
 * file name, or a glob of either.
 *
 * @throws AdministrationError when there is none.
 */
export async function findPackages(client: ApiClient, word: string): Promise<PackageReport[]> {
  if (word.includes("/")) {
    const path = word.replace(/^\/+/, "");
    return [await client.ask<PackageReport>(packagePath({ path }), { isLong: true })];
  }
  const { packages } = await client.ask<PackageList>("packages", {
    query: { name: word },
    isLong: true,
  });
  if (packages.length > 0) return packages;
  throw new AdministrationError(
    EXIT_CODE.failure,
    `No package ${word} is cached. "pkgstash packages list" shows what is.`,
  );
}
