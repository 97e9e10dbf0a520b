import { useVisit } from "../visit_context.ts";
import { countText } from "./quantities.tsx";
import type { Listed } from "./table.tsx";

/** The way to other parts of a list: by number, for one that is held in memory. */
export function Pager({ list, one, many }: { list: Listed<unknown>; one: string; many?: string }) {
  const visit = useVisit();
  const { page, pages, total } = list;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="quiet">{countText(total)} {total === 1 ? one : many ?? `${one}s`}</span>
      {pages === 1 ? null : (
        <>
          {page > 1 ? <a rel="prev" href={visit.here({ page: page - 1 })}>Previous</a> : null}
          <span>Page {countText(page)} of {countText(pages)}</span>
          {page < pages ? <a rel="next" href={visit.here({ page: page + 1 })}>Next</a> : null}
        </>
      )}
    </nav>
  );
}

/** As `Pager`, for a list whose endpoint only says where its next page begins. */
export function NextPager(
  { next, name = "after", label = "Pages of the list" }: {
    next: string | number | null;
    /** In the query of the page: two lists of a page have two. */
    name?: string;
    label?: string;
  },
) {
  const visit = useVisit();
  const isFirst = visit.query(name) === "";
  if (isFirst && next === null) return null;
  return (
    <nav class="pager" aria-label={label}>
      {isFirst ? null : <a href={visit.here({ [name]: null })}>First page</a>}
      {next === null ? null : <a rel="next" href={visit.here({ [name]: next })}>Next page</a>}
    </nav>
  );
}
