import type { ComponentChildren } from "preact";
import { useVisit } from "../visit_context.ts";
import { hx } from "./hx.ts";

/**
 * A form that filters a list through the URL. With scripts, the list updates while typing; without,
 * on Enter.
 */
export function Filter(
  { label, placeholder, children }: {
    /** The label of the search field. */
    label: string;
    placeholder?: string;
    /** More fields, such as a choice. */
    children?: ComponentChildren;
  },
) {
  const visit = useVisit();
  const { pathname } = visit.url;
  const sort = visit.query("sort");
  return (
    <form
      class="filter"
      role="search"
      action={pathname}
      {...hx({
        get: pathname,
        trigger: "input changed delay:150ms, change, submit",
        target: "#content",
        select: "#content",
        swap: "outerMorph",
        replaceUrl: true,
      })}
    >
      <label class="field">
        <span class="label">{label}</span>
        <input
          id="search"
          type="search"
          name="q"
          value={visit.query("q")}
          placeholder={placeholder}
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      {children}
      {sort === "" ? null : <input type="hidden" name="sort" value={sort} />}
      <button type="submit" class="plain">Search</button>
    </form>
  );
}
