import type { ComponentChildren } from "preact";
import { renderToString } from "preact-render-to-string";
import "./elements/custom_elements.ts";
import { assetUrl } from "./assets/assets.ts";
import { hx } from "./elements/hx.ts";
import { Live } from "./elements/live.tsx";
import type { Content, Page, Section } from "./page.ts";
import type { Flash, Visit } from "./visit.ts";
import { type Surroundings, VisitContext } from "./visit_context.ts";

const SECTIONS: readonly Section[] = ["Mirror", "Packages of your own", "Administration"];

/** The Content-Security-Policy forbids the style element that htmx would insert. */
const HTMX_CONFIG = JSON.stringify({ includeIndicatorCSS: false });

/**
 * Renders a page for a signed-in visitor. `stream` is the URL that updates its live regions; null
 * for none.
 */
export function renderPage(
  { page, pages, content, visit, waiting = new Map(), flashes = [], stream = null }: {
    page: Page;
    pages: readonly Page[];
    /** Number of items that wait for a person, by page path. */
    waiting?: ReadonlyMap<string, number>;
    content: Content;
    visit: Visit;
    flashes?: readonly Flash[];
    stream?: string | null;
  },
): string {
  return renderToString(
    <VisitContext.Provider value={{ visit, regions: new Map() }}>
      <Frame title={page.title}>
        <Header
          pages={pages}
          current={page}
          visit={visit}
          waiting={waiting}
          isLive={stream !== null}
        />
        <main id="content" tabIndex={-1}>
          {flashes.map(({ tone, text }) => <p class={`flash ${tone}`} role="status">{text}</p>)}
          <Way page={page} pages={pages} visit={visit} />
          <Main content={content} />
          {stream === null ? null : (
            // A new query gives the element a new id, so htmx opens a new stream.
            <div id={`stream-${encodeURIComponent(stream)}`} {...hx({ stream, swap: "none" })} />
          )}
        </main>
      </Frame>
    </VisitContext.Provider>,
  );
}

/** Renders only the live regions of a page: HTML by region id. */
export function renderRegions(content: Content, visit: Visit): Map<string, string> {
  const surroundings: Surroundings = { visit, regions: new Map() };
  const render = (children: ComponentChildren) =>
    renderToString(
      <VisitContext.Provider value={surroundings}>{children}</VisitContext.Provider>,
    );
  render(<Main content={content} />);
  return new Map([...surroundings.regions].map(([id, children]) => [id, render(children)]));
}

/** Renders a page for visitors who are not signed in. */
export function renderDoor(title: string, body: ComponentChildren): string {
  return renderToString(
    <Frame title={title}>
      <main id="content" class="door">
        <p class="brand">
          <img src={assetUrl("mark.svg")} alt="" width={40} height={40} /> pkgstash
        </p>
        {body}
      </main>
    </Frame>,
  );
}

/** Renders the public start page. */
export function renderFace(body: ComponentChildren): string {
  return renderToString(
    <Frame title="Packages">
      <main id="content" class="door face">
        <p class="brand">
          <img src={assetUrl("mark.svg")} alt="" width={40} height={40} /> pkgstash
        </p>
        {body}
      </main>
    </Frame>,
  );
}

function Frame({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} – pkgstash`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <link rel="icon" type="image/svg+xml" href={assetUrl("mark.svg")} />
        <link rel="stylesheet" href={assetUrl("admin.css")} />
        <script defer src={assetUrl("admin.js")}></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        {children}
      </body>
    </html>
  );
}

/** Breadcrumbs of a page that is not in the navigation. */
function Way({ page, pages, visit }: { page: Page; pages: readonly Page[]; visit: Visit }) {
  const above = pages.filter((each) => each !== page && isPartOf(page, each) && each.path !== "");
  if (page.section !== null || above.length === 0) return null;
  const segments = visit.url.pathname.split("/");
  return (
    <nav class="way" aria-label="Breadcrumb">
      {above.map((each) => (
        // Cut this page's path to the length of the parent's.
        <a href={segments.slice(0, each.path.split("/").length + 2).join("/")}>{each.title}</a>
      ))}
    </nav>
  );
}

function Header(
  { pages, current, visit, waiting, isLive }: {
    pages: readonly Page[];
    current: Page;
    visit: Visit;
    waiting: ReadonlyMap<string, number>;
    isLive: boolean;
  },
) {
  const { visitor } = visit;
  return (
    <header class="site">
      <div class="bar">
        <a class="brand" href="/admin/">
          <img src={assetUrl("mark.svg")} alt="" width={28} height={28} /> pkgstash
        </a>
        {isLive ? <live-state></live-state> : null}
      </div>
      <input type="checkbox" id="menu" class="menu-state" aria-label="Show the menu" />
      <label for="menu" class="menu" aria-hidden="true">Menu</label>
      <div class="menu-content">
        <nav aria-label="Pages">
          {SECTIONS.map((section) => (
            <NavigationOf
              section={section}
              pages={pages}
              current={current}
              visit={visit}
              waiting={waiting}
            />
          ))}
        </nav>
        <div class="visitor">
          <p>
            {visitor.name}
            {visitor.role === "administrator" ? null : <span class="quiet">, {visitor.role}</span>}
          </p>
          {visitor.sessionId !== null
            ? (
              <form method="post" action="/admin/logout">
                <button type="submit" class="quiet">Sign out</button>
              </form>
            )
            : null}
        </div>
      </div>
    </header>
  );
}

function NavigationOf(
  { section, pages, current, visit, waiting }: {
    section: Section;
    pages: readonly Page[];
    current: Page;
    visit: Visit;
    waiting: ReadonlyMap<string, number>;
  },
) {
  const shown = pages.filter((page) => page.section === section && visit.may(page.role));
  if (shown.length === 0) return null;
  return (
    <>
      <h2>{section}</h2>
      <ul>
        {shown.map((page) => (
          <li>
            <a
              href={`/admin/${page.path}`}
              aria-current={isPartOf(current, page) ? "page" : undefined}
            >
              {page.title}
              <Waiting count={waiting.get(page.path) ?? 0} />
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Waiting({ count }: { count: number }) {
  return count === 0 ? null : (
    <>
      {" "}
      <span class="count">
        {count}
        <span class="unseen">waiting</span>
      </span>
    </>
  );
}

/** Whether a page is `other` or below it, as `packages/{name}` is below `packages`. */
function isPartOf(page: Page, other: Page): boolean {
  return page.path === other.path ||
    other.path !== "" && page.path.startsWith(`${other.path}/`);
}

/** Keeps a version such as `1.0-1` on one line if it fits. */
function HeadingWord(word: string, index: number) {
  const space = index === 0 ? "" : " ";
  if (!word.includes("-")) return space + word;
  return (
    <>
      {space}
      <span class="word">{word}</span>
    </>
  );
}

function Main({ content: { heading, tone = "calm", body, commands } }: { content: Content }) {
  return (
    <>
      <Live id="heading" isPolite>
        <h1 class={tone}>{heading.split(" ").map(HeadingWord)}</h1>
      </Live>
      {body}
      {commands.length === 0 ? null : (
        <footer class="commands">
          <span class="label">On the command line</span>
          {commands.map((command) => <code>{command}</code>)}
        </footer>
      )}
    </>
  );
}
