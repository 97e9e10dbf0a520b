import { useVisit } from "../visit_context.ts";
import { countText } from "./quantities.tsx";
import type { Listed } from "./table.tsx";

/** Links to other pages of a list that is held in memory, by page number. */
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

/** Like `Pager`, for an endpoint that only says where the next page starts. */
export function NextPager(
  { next, name = "after", label = "Pages of the list" }: {
    next: string | number | null;
    /** The query parameter. Two lists on a page need two. */
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
