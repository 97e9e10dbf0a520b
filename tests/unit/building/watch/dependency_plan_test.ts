import { assertEquals } from "@std/assert";
import type { AurPackage } from "../../../../src/formats/aur/rpc_answer.ts";
import {
  type DependencyPlan,
  planDependencies,
} from "../../../../src/building/watch/dependency_plan.ts";

const MIRRORED = ["glibc", "cmake"];

function aurPackage(name: string, fields: Partial<AurPackage> = {}): AurPackage {
  return {
    name,
    base: name,
    version: "1-1",
    description: null,
    url: null,
    maintainer: "keeper",
    coMaintainers: [],
    submitter: null,
    firstSubmitted: 0,
    lastModified: 0,
    outOfDate: null,
    votes: 0,
    popularity: 0,
    depends: [],
    makeDepends: [],
    checkDepends: [],
    provides: [],
    replaces: [],
    ...fields,
  };
}

/** Plans over these packages; returns the plan and the requests to the AUR. */
async function plan(
  names: readonly string[],
  packages: readonly AurPackage[],
  watched: Readonly<Record<string, string>> = {},
): Promise<{ made: DependencyPlan; requests: string[][] }> {
  const requests: string[][] = [];
  const made = await planDependencies(names, {
    info: (wanted) => {
      requests.push([...wanted]);
      return Promise.resolve(
        new Map(
          packages.filter(({ name }) => wanted.includes(name)).map((each) => [
            each.name,
            each,
          ]),
        ),
      );
    },
    providersOf: (name) =>
      Promise.resolve(
        packages.filter(({ provides }) =>
          provides.some((each) => each.replace(/[<>=].*/, "") === name)
        ).map((each) => each.name),
      ),
    unsatisfied: (wanted) =>
      Promise.resolve(wanted.filter((each) => !MIRRORED.includes(each.replace(/[<>=].*/, "")))),
    watchedBase: (name) => watched[name] ?? null,
  });
  return { made, requests };
}

const shown = ({ packages }: DependencyPlan) =>
  packages.map(({ base, needs, isDependency }) =>
    `${base}${isDependency ? " (needed)" : ""}: ${needs.join(", ")}`
  );

Deno.test("AUR dependencies are planned with their package, in build order", async () => {
  const { made, requests } = await plan(["app"], [
    aurPackage("app", { depends: ["lib>=1", "glibc"], makeDepends: ["cmake", "tool"] }),
    aurPackage("lib", { depends: ["glibc"], checkDepends: ["tool"] }),
    aurPackage("tool"),
  ]);
  assertEquals(shown(made), ["tool (needed): ", "lib (needed): tool", "app: lib, tool"]);
  assertEquals([made.open, made.cycles, made.unknown], [[], [], []]);
  assertEquals(requests, [["app"], ["lib", "tool"]]);
});

Deno.test("dependency cycles are reported", async () => {
  const { made } = await plan(["a"], [
    aurPackage("a", { makeDepends: ["b"] }),
    aurPackage("b", { depends: ["a"] }),
  ]);
  assertEquals(made.cycles, [["a", "b"]]);
});

Deno.test("a name missing from the AUR is unknown, and a dependency without a provider is open", async () => {
  const { made } = await plan(["app", "none"], [aurPackage("app", { depends: ["nowhere"] })]);
  assertEquals(made.unknown, ["none"]);
  assertEquals(made.open, [{ dependency: "nowhere", neededBy: "app", providers: [] }]);
  assertEquals(shown(made), ["app: "]);
});

Deno.test("a dependency's only provider is chosen, and a choice of several is left to a person", async () => {
  const app = aurPackage("app", { depends: ["libx=2"] });
  const one = aurPackage("x-git", { provides: ["libx=2"] });
  const old = aurPackage("x-old", { provides: ["libx=1"] });
  assertEquals(shown((await plan(["app"], [app, one, old])).made), [
    "x-git (needed): ",
    "app: x-git",
  ]);
  const two = aurPackage("x-bin", { provides: ["libx=2"] });
  assertEquals((await plan(["app"], [app, one, two])).made.open, [
    { dependency: "libx=2", neededBy: "app", providers: ["x-bin", "x-git"] },
  ]);
  const { made } = await plan(["app", "x-bin"], [app, one, two]);
  assertEquals(shown(made), ["x-bin: ", "app: x-bin"]);
});

Deno.test("a package already watched is needed, and not planned again", async () => {
  const { made } = await plan(
    ["app", "other"],
    [aurPackage("app", { depends: ["lib"] })],
    { lib: "libs", other: "other" },
  );
  assertEquals(shown(made), ["app: libs"]);
  assertEquals(made.watched, ["other"]);
});

Deno.test("packages of one base are planned as one, and do not need each other", async () => {
  const split = { base: "suite" };
  const { made } = await plan(["gui"], [
    aurPackage("gui", { ...split, depends: ["cli"] }),
    aurPackage("cli", split),
  ]);
  assertEquals(shown(made), ["suite: "]);
  assertEquals(made.packages[0]!.names, ["cli", "gui"]);
});
