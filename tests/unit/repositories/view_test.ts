import { assertEquals } from "@std/assert";
import { RepositoryTree } from "../../../src/repositories/repository.ts";
import { parseView, viewedFileAt, viewLayout } from "../../../src/repositories/view.ts";

const own = (name: string, architecture: string, directory: string) => ({
  ...{ upstream: "", name, architecture, directory },
});

const TREE = new RepositoryTree({ upstreams: [] }, [
  own("mine", "x86_64", "mine/os/x86_64"),
  own("odd", "x86_64", "lab/packages"),
  own("deep", "x86_64", "x86_64/deep"),
]);

Deno.test("a view is a day, a minute, a second or a generation, and means its end", async (t) => {
  const day = Date.UTC(2026, 10, 20);
  for (
    const [text, view] of [
      ["2026-11-20", { start: day, end: day + 86_400_000 }],
      ["2026-11-20T12:00Z", { start: day + 43_200_000, end: day + 43_260_000 }],
      ["2026-11-20T12:00:01Z", { start: day + 43_201_000, end: day + 43_202_000 }],
      ["41", { generation: 41 }],
      ["2028-02-29", { start: Date.UTC(2028, 1, 29), end: Date.UTC(2028, 2, 1) }],
    ] as const
  ) await t.step(text, () => assertEquals(parseView(text), { text, ...view }));
  for (
    const text of [
      ...["", "0", "041", "-1", "1.5", "9".repeat(16), "today", "2026-02-29", "2026-13-01"],
      ...["2026-11-20T12:00", "2026-11-20T12:00+01:00", "2026-11-20T24:30Z", "2026-11-20 "],
    ]
  ) await t.step(JSON.stringify(text), () => assertEquals(parseView(text), null));
});

Deno.test("a view follows the repository's name, or the first directory without one", async (t) => {
  for (
    const [path, directory] of [
      ["mine@2026-11-20/os/x86_64/mine.db", "mine/os/x86_64"],
      ["mine@7/os/x86_64/foo-1-1-any.pkg.tar.zst", "mine/os/x86_64"],
      ["lab@7/packages/odd.db", "lab/packages"],
      ["x86_64/deep@7/deep.db", "x86_64/deep"],
      ["mine/os@7/x86_64/mine.db", null],
      ["mine/os/x86_64@7/mine.db", null],
      ["x86_64@7/deep/deep.db", null],
      ["mine@7@8/os/x86_64/mine.db", null],
      ["@7/os/x86_64/mine.db", null],
      ["mine@7/os/x86_64/other.db", null],
      ["mine@7/os/x86_64", null],
      ["theirs@7/os/x86_64/theirs.db", null],
    ] as const
  ) {
    await t.step(path, () => {
      assertEquals(viewedFileAt(path, TREE)?.file.repository.directory ?? null, directory);
    });
  }
  assertEquals(viewedFileAt("mine@soon/os/x86_64/mine.db", TREE)?.view, null);
});

Deno.test("the layout of a view leads to the view", () => {
  assertEquals(viewLayout("$repo/os/$arch", "2026-11-20"), "$repo@2026-11-20/os/$arch");
  assertEquals(viewLayout("$arch/$repo", "7"), "$arch/$repo@7");
  assertEquals(viewLayout("lab/packages", "7"), "lab@7/packages");
});
