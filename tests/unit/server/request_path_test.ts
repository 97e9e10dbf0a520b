import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { requestPath } from "../../../src/server/request_path.ts";

const at = (target: string) => requestPath(`http://host:8090${target}`);

Deno.test("a path is decoded once and loses its leading slash, query and fragment", async (t) => {
  for (
    const [target, path] of [
      ["/", ""],
      ["", ""],
      ["/core/", "core/"],
      ["/core/os/x86_64/a-1-1-any.pkg.tar.zst", "core/os/x86_64/a-1-1-any.pkg.tar.zst"],
      ["/a%2Bb%3A1%40~%7E", "a+b:1@~~"],
      ["/a+b:1@~", "a+b:1@~"],
      ["/core/?token=x#y", "core/"],
      ["/core?/../x", "core"],
      ["/%C3%A4", "ä"],
    ] as const
  ) await t.step(target || "nothing", () => assertEquals(at(target), path));
  assertEquals(requestPath("http://host"), "");
});

Deno.test("a path that could lead elsewhere names nothing, in any encoding", async (t) => {
  for (
    const target of [
      "/..",
      "/../etc/passwd",
      "/core/../extra",
      "/core/..",
      "/./core",
      "/core/.",
      "/%2e%2e/x",
      "/%2E./x",
      "/.%2e/x",
      "/core/%2e%2e%2fx",
      "/core%2fos",
      "/core%2Fos",
      "/core%5cos",
      "/core\\os",
      "//core",
      "/core//os",
      "/core/os//",
      "//",
      "/.pkgstash/lock",
      "/core/.hidden",
      "/%2epkgstash/",
      "/a%00",
      "/a%0a",
      "/a%0D%0Ab",
      "/a%1b[0m",
      "/a%7f",
      "/%",
      "/%zz",
      "/%c0%ae%c0%ae/x",
      "/%ff",
      `/${"a".repeat(256)}`,
      `/core/${"%41".repeat(256)}`,
    ]
  ) await t.step(target.slice(0, 40), () => assertEquals(at(target), null));
});

Deno.test("a doubly encoded path is decoded once, so that it names no valid file", () => {
  assertEquals(at("/%252e%252e/x"), "%2e%2e/x");
  assertEquals(at("/core%252fos"), "core%2fos");
});

Deno.test("an accepted path stays below its root, whatever the target", () => {
  const piece = fc.constantFrom(
    ...["/", ".", "..", "%2e", "%2f", "%5c", "%00", "%", "?", "#", "a", "core", "%41", "%c3%a4"],
    ...["\\", "%0a", "//", "%25", "%252f", ":", "@", "+", "http://", "%ff", "ä"],
  );
  const target = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(target, (text) => {
      const path = at(`/${text}`);
      if (path === null) return;
      const { pathname } = new URL(
        `file:///root/${path.split("/").map(encodeURIComponent).join("/")}`,
      );
      assert(pathname.startsWith("/root/"), path);
      const segments = path.replace(/\/$/, "").split("/");
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      const isPlain = (segment: string) => !/^\.|[\x00-\x1f\\]/.test(segment);
      assert(path === "" || segments.every((segment) => segment !== "" && isPlain(segment)), path);
    }),
    { numRuns: 5000 },
  );
});
