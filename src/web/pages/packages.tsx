import { deadline } from "@std/async/deadline";
import { LIST_PACKAGES, type PackageList } from "../../api/packages.ts";
import { ADD_PIN } from "../../api/pins.ts";
import { SHOW_STATUS } from "../../api/status.ts";
import { bytesText } from "../../config/quantities.ts";
import { isTimeout } from "../../errors.ts";
import { Filter } from "../elements/filter.tsx";
import { Choice } from "../elements/forms.tsx";
import { Empty, Pending } from "../elements/messages.tsx";
import { Pager } from "../elements/pager.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import type { Visit } from "../visit.ts";
import { KEPT_CHOICES } from "./packages/kept_badges.tsx";
import { PackageTable } from "./packages/package_table.tsx";

const PER_PAGE = 50;
const SORTS = ["name", "size", "used_at", "fetched_at", "uses"] as const;
const REASONS = ["current", "unknown", "pinned", "version", "in_flight", "nothing"] as const;

/** After this time, a page says that the list is being prepared. */
const PATIENCE_MS = 500;

/** Shown while the list of packages is being prepared, which happens on first use. */
function listIsMade(packages: number): Content {
  const what = packages === 0 ? "all cached packages" : counted(packages, "cached package");
  return {
    heading: "Preparing the list of packages",
    commands: ["pkgstash packages list"],
    body: (
      <div class="list">
        <Pending title={`Reading ${what}`}>
          <p>
            This happens once and can take some seconds. The list then stays in memory while anyone
            uses it, and this page shows it as soon as it is ready.
          </p>
        </Pending>
      </div>
    ),
  };
}

/** Searches the cached packages, and says why each is kept. */
export const PACKAGES: Page = {
  path: "packages",
  title: "Packages",
  section: "Mirror",
  role: "viewer",
  render: async (visit) => {
    const page = Math.max(1, Math.trunc(Number(visit.query("page"))) || 1);
    const words = visit.query("q").trim().slice(0, 200);
    const repository = visit.query("repository");
    const kept = REASONS.find((each) => each === visit.query("kept"));
    // Most people look for what was used last.
    const sort = visit.query("sort") || "-used_at";
    const [list, { databases, cache }] = await Promise.all([
      inTime(visit.call(LIST_PACKAGES, {
        ...(words === "" ? {} : { q: words }),
        ...(repository === "" ? {} : { repository }),
        ...(kept === undefined ? {} : { kept }),
        sort: SORTS.find((each) => each === sort.replace(/^-/, "")) ?? "name",
        descending: sort.startsWith("-") ? "true" : "false",
        limit: `${PER_PAGE}`,
        offset: `${(page - 1) * PER_PAGE}`,
      })),
      visit.call(SHOW_STATUS),
    ]);
    if (list === null) return listIsMade(cache.packages);
    const isFiltered = words !== "" || repository !== "" || kept !== undefined;
    const pages = Math.max(1, Math.ceil(list.total / PER_PAGE));
    const directories = databases.map((each) => each.repository);
    const choices = Object.fromEntries([["", "all"], ...directories.map((each) => [each, each])]);
    return {
      ...headingOf(list, { words, isFiltered }),
      commands: ["pkgstash packages list", "pkgstash packages show NAME"],
      body: (
        <>
          <Filter label="Search" placeholder="linux 6.17">
            <Choice name="repository" label="Repository" options={choices} value={repository} />
            <Choice
              name="kept"
              label="Kept because"
              options={KEPT_CHOICES}
              value={kept ?? ""}
            />
          </Filter>
          <div class="list">
            {list.packages.length > 0
              ? <PackageTable packages={list.packages} name="Cached packages" isWhole />
              : <Nothing list={list} visit={visit} isFiltered={isFiltered} />}
          </div>
          {list.total === 0 ? null : (
            <Pager
              list={{ rows: list.packages, total: list.total, page, pages }}
              one="package"
            />
          )}
        </>
      ),
    };
  },
  actions: {
    pin: {
      role: "administrator",
      run: async ({ call }, form) => {
        const pattern = form.text("name");
        await call(ADD_PIN, { pattern });
        return { text: `${pattern} is pinned: cleanup keeps every version of it.` };
      },
    },
  },
};

/** The result of a call; null if it takes longer than `PATIENCE_MS`. */
async function inTime<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await deadline(call, PATIENCE_MS);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    // It goes on, and the next request gets its result.
    call.catch(() => {});
    return null;
  }
}

function headingOf(
  { total, bytes }: PackageList,
  { words, isFiltered }: { words: string; isFiltered: boolean },
): Pick<Content, "heading" | "tone"> {
  if (!isFiltered) {
    return total === 0
      ? { heading: "No package is cached yet", tone: "calm" }
      : { heading: `${counted(total, "package")} in ${bytesText(bytes)}`, tone: "good" };
  }
  const what = words === "" ? "this filter" : `“${words}”`;
  if (total === 0) return { heading: `No cached package matches ${what}`, tone: "calm" };
  const matching = counted(total, "package matches", "packages match");
  return { heading: `${matching} ${what}, ${bytesText(bytes)} in all`, tone: "calm" };
}

function Nothing(
  { list, visit, isFiltered }: { list: PackageList; visit: Visit; isFiltered: boolean },
) {
  if (list.total > 0) {
    return (
      <Empty title="The list has no such page.">
        <p>
          <a href={visit.here({ page: null })}>See its first page.</a>
        </p>
      </Empty>
    );
  }
  if (!isFiltered) {
    return (
      <Empty title="Nothing is cached yet.">
        <p>A package is cached when a client first requests it.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing matches.">
      <Instead found={list.nothing_found} visit={visit} />
      <p>
        <a href={visit.url.pathname}>See all packages.</a>
      </p>
    </Empty>
  );
}

/** A similar name, and whether it is available. */
function Instead({ found, visit }: { found: PackageList["nothing_found"]; visit: Visit }) {
  if (found === null || found.name === null) return null;
  const { name, is_cached, listed } = found;
  const where = listed.map(({ directory, version }) => `${directory} has ${version}`).join(", ");
  if (is_cached) {
    return (
      <p>
        Did you mean <a href={visit.here({ q: name, page: null })}>{name}</a>?
      </p>
    );
  }
  return <p>{name} is not cached: {where}. It is fetched when a client requests it.</p>;
}
