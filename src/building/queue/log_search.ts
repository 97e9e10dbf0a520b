import type { LogSearch } from "./log_lines.ts";

/** Finds a text, ignoring case. */
export function searchFor(wanted: string): LogSearch {
  const needle = wanted.toLowerCase();
  return function* (text) {
    // As long as the text, except for letters whose lower case has another length.
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + 1)) yield at;
  };
}

/** Error messages of build tools. */
const ERROR =
  /(?:\b|(?<=_))error(?:\[[^\]\n]{1,40}\])?: |==> ERROR: |undefined reference to |^FAILED: |^Traceback \(most recent|\*\*\* \[|No space left on device|: command not found|cannot find -l|Segmentation fault|^npm ERR! |panicked at |^FAIL: /gim;

/** Finds error messages. */
export function* searchForErrors(text: string): Iterable<number> {
  for (const { index } of text.matchAll(ERROR)) yield index;
}
