import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CallError } from "../../../src/web/call.ts";
import { Badge } from "../../../src/web/elements/badge.tsx";
import { CopyField } from "../../../src/web/elements/copy_field.tsx";
import { FileName } from "../../../src/web/elements/file_name.tsx";
import { ActionForm } from "../../../src/web/elements/forms.tsx";
import { Notice } from "../../../src/web/elements/messages.tsx";
import { Meter } from "../../../src/web/elements/meter.tsx";
import { Table } from "../../../src/web/elements/table.tsx";
import type { Page } from "../../../src/web/page.ts";
import type { Role } from "../../../src/web/role.ts";
import { respondToVisitor } from "../../../src/web/site.ts";
import type { Visitor } from "../../../src/web/visit.ts";

const ORIGIN = "http://stash";
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&lt;\u202e{{x}}`;

function visitorWith(role: Role): Visitor {
  return {
    name: HOSTILE,
    role,
    call: () => Promise.reject(new Error("nothing is called")),
    sessionId: "0123456789ab",
    flashes: [],
    isStillWelcome: () => Promise.resolve(true),
  };
}

const done: string[] = [];

const PAGE: Page = {
  path: "things/{name}",
  title: "Things",
  section: "Mirror",
  role: "viewer",
  render: ({ params }) =>
    Promise.resolve({
      heading: `The thing ${params["name"]}`,
      commands: [`pkgstash ${HOSTILE}`],
      body: (
        <>
          <ActionForm action="drop" button="Drop" fields={{ what: HOSTILE }} />
          <Badge>{HOSTILE}</Badge>
          <CopyField label={HOSTILE} value={HOSTILE} />
          <FileName path={`${HOSTILE}/${HOSTILE}`} />
          <Meter share={0.5} label={HOSTILE} />
          <Notice tone="warn" title={HOSTILE}>{HOSTILE}</Notice>
          <Table
            name={HOSTILE}
            rows={[HOSTILE]}
            keyOf={(row) => row}
            columns={[{ title: HOSTILE, sort: HOSTILE, cell: (row) => row }]}
          />
        </>
      ),
    }),
  actions: {
    drop: {
      role: "administrator",
      confirm: (_visit, form) => ({
        heading: "Drop it?",
        body: <p>{form.text("what")}</p>,
        button: "Drop",
      }),
      run: (_visit, form) => {
        done.push(`drop ${form.text("what")}`);
        return Promise.resolve({ text: `${form.text("what")} is dropped.` });
      },
    },
    approve: {
      role: "approver",
      run: () => {
        done.push("approve");
        return Promise.reject(
          new CallError({ status: 409, kind: "conflict", detail: "Cannot approve: it changed." }),
        );
      },
    },
  },
};

/** The answer to a request, and what changes it made. */
async function ask(
  visitor: Visitor,
  path: string,
  fields?: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; html: string; to: string | null; changes: string[] }> {
  const url = new URL(path, ORIGIN);
  const init = fields === undefined
    ? {}
    : { method: "POST", body: new URLSearchParams(fields).toString() };
  done.length = 0;
  const response = await respondToVisitor({
    request: new Request(url, { ...init, headers }),
    segments: url.pathname.slice(1).split("/").map(decodeURIComponent),
    visitor,
    pages: [PAGE],
    openStream: () => null,
  });
  return {
    status: response.status,
    html: await response.text(),
    to: response.headers.get("location"),
    changes: [...done],
  };
}

Deno.test("displayed text never breaks out of its element or attribute", async () => {
  const name = encodeURIComponent(HOSTILE);
  const { status, html } = await ask(
    visitorWith("administrator"),
    `/admin/things/${name}?q=${name}`,
  );
  assertEquals(status, 200);
  assertEquals(html.match(/<script/g)?.length, 1, "that of the page itself");
  assertEquals(html.match(/<img[^>]*onerror/g), null);
  // Each tag has the attributes that the program gives it, and no others.
  const attributes = new Set(
    [...html.matchAll(/<[a-z][^>"]*(?:"[^"]*"[^>"]*)*>/g)]
      .flatMap(([tag]) => [...tag.replaceAll(/"[^"]*"/g, '""').matchAll(/\s([a-z:-]+)=/gi)])
      .map(([, attribute]) => attribute),
  );
  for (const odd of ["onerror", "onclick", "style"]) assertEquals(attributes.has(odd), false, odd);
});

Deno.test("a confirmation is asked for first, and its form carries the same fields", async () => {
  const visitor = visitorWith("administrator");
  const asked = await ask(visitor, "/admin/things/a?q=x", { action: "drop", what: HOSTILE });
  assertEquals([asked.status, asked.changes], [200, []]);
  assertStringIncludes(asked.html, "Drop it?");
  assertMatch(asked.html, /<input type="hidden" name="what" value="&quot;>&lt;script>/);
  assertMatch(asked.html, /<input type="hidden" name="confirmed" value="yes"/);
  assertStringIncludes(asked.html, 'action="/admin/things/a?q=x"');
  const answered = await ask(visitor, "/admin/things/a?q=x", {
    action: "drop",
    what: "it",
    confirmed: "yes",
  });
  assertEquals(answered.changes, ["drop it"]);
  assertEquals([answered.status, answered.to], [303, "/admin/things/a?q=x"]);
  assertStringIncludes((await ask(visitor, "/admin/things/a")).html, "it is dropped.");
  assertEquals((await ask(visitor, "/admin/things/a")).html.includes("it is dropped."), false);
});

Deno.test("a visitor without the role for a change sees no button for it, and is refused it", async () => {
  for (const role of ["viewer", "approver"] as const) {
    const visitor = visitorWith(role);
    const shown = await ask(visitor, "/admin/things/a");
    assertEquals(shown.html.includes('value="drop"'), false);
    const forged = await ask(visitor, "/admin/things/a", { action: "drop", confirmed: "yes" });
    assertEquals([forged.status, forged.changes], [403, []]);
  }
  assertEquals(
    (await ask(visitorWith("viewer"), "/admin/things/a", { action: "approve" })).changes,
    [],
  );
});

Deno.test("a failed change is reported on the page", async () => {
  const visitor = visitorWith("approver");
  const { to, changes } = await ask(visitor, "/admin/things/a", { action: "approve" });
  assertEquals([to, changes], ["/admin/things/a", ["approve"]]);
  assertStringIncludes((await ask(visitor, "/admin/things/a")).html, "Cannot approve: it changed.");
});

Deno.test("the outcome of a change is shown on the next whole page, not in a part that a script requests", async () => {
  const visitor = visitorWith("administrator");
  await ask(visitor, "/admin/things/a", { action: "drop", what: "it", confirmed: "yes" });
  const part = await ask(visitor, "/admin/things/a?q=x", undefined, { "hx-request": "true" });
  assertEquals(part.html.includes("it is dropped."), false);
  assertStringIncludes((await ask(visitor, "/admin/things/a")).html, "it is dropped.");
});

Deno.test("an unknown page or action is 404", async () => {
  const visitor = visitorWith("administrator");
  for (
    const path of ["/admin/", "/admin/things", "/admin/things/", "/admin/things/a/b", "/admin/x"]
  ) {
    assertEquals((await ask(visitor, path)).status, 404, path);
  }
  for (const action of ["", "toString", "constructor", "__proto__", "nothing"]) {
    assertEquals((await ask(visitor, "/admin/things/a", { action })).status, 404, action);
  }
});
