import { assertEquals } from "@std/assert";
import { renderToString } from "preact-render-to-string";
import { CopyField } from "../../../src/web/elements/copy_field.tsx";

Deno.test("a copy field has no hidden attribute, so a live update hides nothing that its script has shown", () => {
  const html = renderToString(<CopyField label="Line" value="Server = x" />);
  assertEquals(/\shidden\b/.test(html), false, html);
});
