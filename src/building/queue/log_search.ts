import type { LogSearch } from "./log_lines.ts";

/** Where a text is found in another, whatever its case. */
export function searchFor(wanted: string): LogSearch {
  const needle = wanted.toLowerCase();
  return function* (text) {
    // As long as the text, but for letters that have another length in lower case.
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + 1)) yield at;
  };
}

/** What tools that build write where something fails. */
const ERROR =
  /(?:\b|(?<=_))error(?:\[[^\]\n]{1,40}\])?: |==> ERROR: |undefined reference to |^FAILED: |^Traceback \(most recent|\*\*\* \[|No space left on device|: command not found|cannot find -l|Segmentation fault|^npm ERR! |panicked at |^FAIL: /gim;

/** Where a text tells of errors. */
export function* searchForErrors(text: string): Iterable<number> {
  for (const { index } of text.matchAll(ERROR)) yield index;
}
