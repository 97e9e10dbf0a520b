import { assertEquals } from "@std/assert";
import { renderToString } from "preact-render-to-string";
import { CopyField } from "../../../src/web/elements/copy_field.tsx";

Deno.test("what a script shows is not hidden again when a live region is rendered again", () => {
  const html = renderToString(<CopyField label="Line" value="Server = x" />);
  assertEquals(/\shidden\b/.test(html), false, html);
});
