import { assertEquals } from "@std/assert";
import { LiveRegion } from "../../../src/cli/live_region.ts";

function screen(columns: number, rows: number) {
  const drawn: string[] = [];
  return { drawn, columns, rows, draw: (text: string) => void drawn.push(text) };
}

Deno.test("a drawing replaces the one before it, however many lines that had", () => {
  const terminal = screen(80, 24);
  const region = new LiveRegion(terminal);
  region.draw(["one", "two"]);
  region.draw(["three"]);
  region.draw(["four"]);
  region.keep();
  region.draw(["five"]);
  assertEquals(terminal.drawn, [
    "one\ntwo\n",
    "\x1b[2F\x1b[Jthree\n",
    "\x1b[1F\x1b[Jfour\n",
    "five\n",
  ]);
});

Deno.test("a drawing is cut to the screen, since lines that wrap or scroll cannot be replaced", () => {
  const terminal = screen(10, 3);
  const region = new LiveRegion(terminal);
  region.draw(["0123456789abc", "\x1b[32mshort\x1b[0m", "third"]);
  assertEquals(terminal.drawn, ["012345678\n\x1b[32mshort\x1b[0m\n"]);
});

Deno.test("a drawing replaces all lines that a narrower terminal has made of the one before it", () => {
  const terminal = screen(80, 24);
  const region = new LiveRegion(terminal);
  region.draw(["x".repeat(60), "", "short"]);
  terminal.columns = 25;
  region.draw(["new"]);
  assertEquals(terminal.drawn.at(-1), "\x1b[5F\x1b[Jnew\n");
});
