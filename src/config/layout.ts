import { expandServer } from "../formats/pacman/mirrorlist.ts";
import type { UpstreamConfig } from "./config.ts";

/** First segments of paths that the server answers itself. */
export const RESERVED_SEGMENTS: readonly string[] = ["api", "cache", "healthz", "metrics"];

const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const SEGMENT = /^[A-Za-z0-9@_+$][A-Za-z0-9@._+$-]*$/;

/** Whether a repository or an architecture may have this name; it becomes part of paths. */
export function isName(text: string): boolean {
  return NAME.test(text) && text.length <= 128;
}

/**
 * What is wrong with a layout, as what was expected instead; null for a good one. A layout is a
 * path of plain segments with pacman's variables, like "$repo/os/$arch".
 */
export function layoutFault(layout: string): string | null {
  if (!layout.includes("$repo")) {
    return 'a path with "$repo" in it, such as "$repo/os/$arch"';
  }
  if (hasForeignVariable(layout)) return "no variables but $repo and $arch";
  if (layout.startsWith("/") || layout.endsWith("/")) return "no slash at the beginning or end";
  if (!layout.split("/").every((segment) => SEGMENT.test(segment))) {
    return 'segments of letters, digits and "@ . _ + -" that do not begin with a dot or a dash';
  }
  return null;
}

/** Whether a "$" stands for something that is neither `$repo` nor `$arch`. */
export function hasForeignVariable(text: string): boolean {
  return /\$(?!repo|arch)/.test(text);
}

/** Every directory that an upstream gives to clients, below the server's root. */
export function clientDirectories(upstream: UpstreamConfig): string[] {
  return upstream.repositories.flatMap((repository) =>
    upstream.architectures.map((architecture) =>
      expandServer(upstream.clientPath, repository, architecture)
    )
  );
}
