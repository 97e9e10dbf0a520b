/** The words of a search; empty without one. */
export function wordsOf(text: string | undefined): string[] {
  return text?.split(/\s+/).filter((word) => word !== "") ?? [];
}
