import { hasForeignVariable } from "./layout.ts";

/**
 * What is wrong with the URL of a mirror, as what was expected instead; null for a good one. It is
 * the root of a mirror, or a complete pacman line with `$repo` (and usually `$arch`) in it.
 */
export function mirrorUrlFault(text: string): string | null {
  if (/^\s*(?:Cache)?Server\s*=/i.test(text)) {
    return 'the URL alone, without "Server ="';
  }
  const fault = webUrlFault(text);
  if (fault !== null) return fault;
  if (hasForeignVariable(text)) return "no variables but $repo and $arch";
  if (text.includes("$arch") && !text.includes("$repo")) {
    return "$repo in a URL that has $arch, or the root of the mirror without variables";
  }
  return null;
}

/** What is wrong with a URL that is fetched from, as what was expected instead; null if nothing. */
export function webUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || /\s/.test(text)) {
    return 'a URL such as "https://mirror.example.org/archlinux/"';
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "an http or https URL";
  if (url.search !== "" || url.hash !== "") return 'a URL without "?" and "#"';
  return null;
}
