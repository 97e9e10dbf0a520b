import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  NO_LIMITS,
  surround,
  type Surroundings,
} from "../../../../src/builder/sandbox/namespaces.ts";

const PLAIN: Surroundings = {
  mapping: "subordinate",
  overlays: [],
  user: "build",
  limits: NO_LIMITS,
};

Deno.test("with subordinate IDs, the build user does not own the root", () => {
  const argv = surround(PLAIN, ["true"]);
  assert(argv.includes("--map-auto"));
  assert(argv.includes("--reuid=1000"));
  assert(!surround({ ...PLAIN, user: "root" }, ["true"]).includes("--reuid=1000"));
});

Deno.test("without subordinate IDs, only the user's own ID is mapped", () => {
  const argv = surround({ ...PLAIN, mapping: "own" }, ["true"]);
  assert(!argv.includes("--map-auto"));
  assert(!argv.some((word) => word.startsWith("--reuid")));
});

Deno.test("limits apply before the program starts, and its arguments are passed unchanged", () => {
  const limits = { processes: 7, fileBytes: 8, memoryBytes: 9 };
  const argv = surround({ ...PLAIN, limits }, ["program", "$(touch /x)", "a b"]);
  assert(argv.indexOf("--nproc=7") < argv.indexOf("program"));
  assert(argv.includes("--fsize=8"));
  assert(argv.includes("--data=9"));
  assertEquals(argv.slice(-3), ["program", "$(touch /x)", "a b"]);
});

Deno.test("a path with special characters of the shell or of mount options is refused", () => {
  for (const path of ["/a:b", "/a,b", "/a'b", "/a b", "/a\nb"]) {
    const overlays = [{ lower: [path, "/c"], upper: null, target: "/d" }];
    assertThrows(() => surround({ ...PLAIN, overlays }, ["true"]), Error, "cannot be part");
  }
});
