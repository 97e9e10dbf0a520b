import { resolve } from "@std/path";
import { PROJECT } from "./project.ts";

/**
 * The compiled binary that `PKGSTASH_BINARY` names. With null, the end-to-end tests run the source.
 */
export const NAMED_BINARY: string | null = named("PKGSTASH_BINARY");

/** The compiled binary: the one that `PKGSTASH_BINARY` names, or that of `deno task compile`. */
export const BINARY: string = NAMED_BINARY ?? resolve(PROJECT, "dist/pkgstash");

function named(variable: string): string | null {
  const path = Deno.env.get(variable) ?? "";
  return path === "" ? null : resolve(PROJECT, path);
}
