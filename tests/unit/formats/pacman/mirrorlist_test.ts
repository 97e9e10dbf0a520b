import { assertEquals } from "@std/assert";
import { expandServer } from "../../../../src/formats/pacman/mirrorlist.ts";

Deno.test("the variables of a server are replaced as text, wherever they occur", async (t) => {
  for (
    const [template, expected] of [
      ["https://host/$repo/os/$arch", "https://host/extra/os/x86_64"],
      ["https://host/$arch_v3/$repo", "https://host/x86_64_v3/extra"],
      ["https://host/$arch/$repo/$arch", "https://host/x86_64/extra/x86_64"],
      ["https://host/archlinux/", "https://host/archlinux"],
      ["https://host/$unknown/${repo}", "https://host/$unknown/${repo}"],
    ] as const
  ) await t.step(template, () => assertEquals(expandServer(template, "extra", "x86_64"), expected));
});

Deno.test("a variable whose value has a dollar sign is inserted literally", () => {
  assertEquals(
    expandServer("https://host/$repo/$arch", "a$&b", "c$1$$"),
    "https://host/a$&b/c$1$$",
  );
});
