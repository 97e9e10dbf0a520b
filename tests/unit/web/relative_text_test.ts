import { assertEquals } from "@std/assert";
import { relativeText } from "../../../src/web/elements/relative_text.ts";

const SCRIPT = await Deno.readTextFile(
  new URL("../../../src/web/client/relative_time.js", import.meta.url),
);

/** What the script of an open page shows for a time. */
function shownByScript(at: number, now: number): string {
  const element = { textContent: "", getAttribute: () => new Date(at).toISOString() };
  let update = () => {};
  const document = {
    hidden: false,
    querySelectorAll: () => [element],
    addEventListener: (_: string, listener: () => void) => update = listener,
  };
  const clock = { now: () => now, parse: Date.parse };
  new Function("document", "setInterval", "Date", SCRIPT)(document, () => {}, clock);
  update();
  return element.textContent;
}

Deno.test("an open page updates times in the words of the server", () => {
  const now = Date.UTC(2026, 0, 1);
  for (let seconds = 0; seconds < 4 * 31_557_600; seconds += Math.ceil(1 + seconds / 50)) {
    for (const at of [now - seconds * 1000, now + seconds * 1000]) {
      assertEquals(shownByScript(at, now), relativeText(at, now), `${seconds} s`);
    }
  }
});
