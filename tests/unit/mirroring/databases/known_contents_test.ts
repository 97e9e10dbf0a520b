import { assertEquals } from "@std/assert";
import {
  type Description,
  descriptionOf,
  KnownContents,
  mirrorKey,
} from "../../../../src/mirroring/databases/known_contents.ts";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";

const ONE = mirrorAt("http://one.test/", "$repo/os/$arch");
const OTHER = mirrorAt("http://other.test/", "$repo/os/$arch");
const DATED = new Date("2026-11-01T12:00:00Z");
const DESCRIPTION: Description = {
  lastModified: DATED.toUTCString(),
  etag: '"a"',
  size: 100,
};

function knowing(description = DESCRIPTION, receivedAfterMs = 60_000): KnownContents {
  const known = new KnownContents();
  known.remember(mirrorKey(ONE), {
    description,
    sha256: "one",
    receivedAt: DATED.getTime() + receivedAfterMs,
  });
  return known;
}

Deno.test("a mirror's tag proves a content to that mirror, and nothing to another", () => {
  const undated = { ...DESCRIPTION, lastModified: null };
  assertEquals(knowing().recognize(ONE, undated), "one");
  assertEquals(knowing().recognize(OTHER, undated), null);
});

Deno.test("new content under an old date is seen by its tag or by its length", () => {
  assertEquals(knowing().recognize(ONE, { ...DESCRIPTION, etag: '"b"' }), null);
  assertEquals(knowing().recognize(ONE, { ...DESCRIPTION, size: 101 }), null);
  assertEquals(knowing().recognize(OTHER, { ...DESCRIPTION, etag: null, size: 101 }), null);
  assertEquals(knowing().recognize(OTHER, { ...DESCRIPTION, etag: null, size: null }), null);
});

Deno.test("date and length prove a content to any mirror, which is known by its own tag from then on", () => {
  const known = knowing();
  const described = { ...DESCRIPTION, etag: '"own"' };
  assertEquals(known.recognize(OTHER, described), "one");
  assertEquals(known.taggedOf(OTHER), { etag: '"own"', sha256: "one" });
  assertEquals(known.recognize(OTHER, { ...described, etag: '"new"' }), null);
});

Deno.test("an impossible date proves nothing", () => {
  for (const date of ["1970-01-01T00:00:01Z", "2071-01-01T00:00:00Z"]) {
    const description = { lastModified: new Date(date).toUTCString(), etag: null, size: 100 };
    assertEquals(knowing(description).recognize(OTHER, description), null);
  }
});

Deno.test("a file received in the second of its date may have changed since", () => {
  const known = knowing(DESCRIPTION, 1_999);
  assertEquals(known.recognize(ONE, DESCRIPTION), null);
  assertEquals(known.recognize(OTHER, { ...DESCRIPTION, etag: null }), null);
  assertEquals(known.taggedOf(ONE), null);
  assertEquals(knowing(DESCRIPTION, 2_000).recognize(ONE, DESCRIPTION), "one");
});

Deno.test("a weak tag counts as none", () => {
  assertEquals(descriptionOf(new Headers({ etag: 'W/"a"' })).etag, null);
  assertEquals(descriptionOf(new Headers({ etag: '"a"' })).etag, '"a"');
});
