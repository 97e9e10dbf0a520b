import { assertEquals } from "@std/assert";
import { listed } from "../../../src/web/elements/table.tsx";
import { Visit, type Visitor } from "../../../src/web/visit.ts";

interface Row {
  readonly name: string;
  readonly size: number | null;
}

const ROWS: readonly Row[] = [
  { name: "linux", size: 3 },
  { name: "glibc", size: null },
  { name: "linux-firmware", size: 1 },
];

function namesAt(query: string, perPage = 50) {
  const visit = new Visit({} as Visitor, new URL(`http://stash/admin/x${query}`), {});
  const { rows, ...rest } = listed(visit, ROWS, {
    search: ({ name }) => name,
    sorts: { name: ({ name }) => name, size: ({ size }) => size },
    perPage,
  });
  return { names: rows.map(({ name }) => name), ...rest };
}

Deno.test("a list is searched, sorted and paged as the URL says", () => {
  assertEquals(namesAt("").names, ["linux", "glibc", "linux-firmware"]);
  assertEquals(namesAt("?q=LINUX").names, ["linux", "linux-firmware"]);
  assertEquals(namesAt("?q=firm+linux").names, ["linux-firmware"]);
  assertEquals(namesAt("?sort=name").names, ["glibc", "linux", "linux-firmware"]);
  assertEquals(namesAt("?sort=size").names, ["glibc", "linux-firmware", "linux"]);
  assertEquals(namesAt("?sort=-size").names, ["linux", "linux-firmware", "glibc"]);
  assertEquals(namesAt("?page=2", 2), { names: ["linux-firmware"], total: 3, page: 2, pages: 2 });
});

Deno.test("any URL gives a page of the list", () => {
  for (
    const query of ["?sort=constructor", "?sort=-", "?page=-1", "?page=x", "?page=1e9", "?q=%00"]
  ) {
    const { page, pages } = namesAt(query, 2);
    assertEquals(page >= 1 && page <= pages, true, query);
  }
  assertEquals(namesAt("?page=99", 2).page, 2);
});
