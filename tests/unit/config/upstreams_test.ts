import { assert, assertEquals, assertMatch } from "@std/assert";
import { clientDirectories } from "../../../src/config/client_paths.ts";
import { PRESETS } from "../../../src/config/presets.ts";
import { expandServer } from "../../../src/formats/pacman/mirrorlist.ts";
import { configOf, parse, problemsOf } from "../../support/configuration.ts";

Deno.test("a distribution with a preset takes two lines", () => {
  const config = configOf('[upstreams.archlinuxarm]\npreset = "archlinuxarm"');
  assertEquals(config.upstreams.map(({ name }) => name), ["arch", "archlinuxarm"]);
  const upstream = config.upstreams[1]!;
  assertEquals(upstream.upstreamLayout, "$arch/$repo");
  assertEquals(upstream.clientPath, "archlinuxarm/$arch/$repo");
  assert(upstream.architectures.includes("aarch64"));
  assert(upstream.mirrorUrls.length > 1);
});

Deno.test("every preset expands to valid upstreams, without conflicts between presets", () => {
  const text = Object.keys(PRESETS)
    .map((name) => `[upstreams.${name}]\npreset = "${name}"\n`).join("");
  const { upstreams } = configOf(text);
  assertEquals(upstreams.map(({ name, clientPath }) => `${name} ${clientPath}`), [
    "arch $repo/os/$arch",
    "archlinuxarm archlinuxarm/$arch/$repo",
    "cachyos cachyos/$arch/$repo",
    "cachyos-v3 cachyos/$arch_v3/$repo",
    "cachyos-v4 cachyos/$arch_v4/$repo",
    "chaotic-aur chaotic-aur/$repo/$arch",
    "endeavouros endeavouros/repo/$repo/$arch",
    "manjaro manjaro/stable/$repo/$arch",
  ]);
  const directories = upstreams.flatMap(clientDirectories);
  assertEquals(new Set(directories).size, directories.length);
  assert(directories.includes("cachyos/x86_64_v3/cachyos-core-v3"));
});

Deno.test("a preset yields the address that its distribution documents", async (t) => {
  const table: [string, string][] = [
    ["archlinuxarm", "http://mirror.archlinuxarm.org/aarch64/core"],
    ["cachyos", "https://mirror.cachyos.org/repo/x86_64/cachyos"],
    ["cachyos-v3", "https://mirror.cachyos.org/repo/x86_64_v3/cachyos-v3"],
    ["cachyos-v4", "https://mirror.cachyos.org/repo/x86_64_v4/cachyos-v4"],
    ["chaotic-aur", "https://cdn-mirror.chaotic.cx/chaotic-aur/x86_64"],
    ["endeavouros", "https://mirror.alpix.eu/endeavouros/repo/endeavouros/x86_64"],
    ["manjaro", "https://mirrors.manjaro.org/repo/stable/core/x86_64"],
  ];
  const text = Object.keys(PRESETS).map((name) => `[upstreams.${name}]\npreset = "${name}"\n`);
  const { upstreams } = configOf(text.join(""));
  for (const [name, expected] of table) {
    const upstream = upstreams.find((each) => each.name === name)!;
    const addresses = upstream.mirrorUrls.map((root) =>
      expandServer(
        root + upstream.upstreamLayout,
        upstream.repositories[0]!,
        upstream.architectures[0]!,
      )
    );
    await t.step(name, () => assert(addresses.includes(expected), String(addresses)));
  }
});

Deno.test("a table overrides the values of its preset", () => {
  const { upstreams } = configOf(`
    [upstreams.testing]
    preset = "manjaro"
    upstream_layout = "testing/$repo/$arch"
    mirror_urls = ["http://localhost:1/"]
    mirrored_repos = ["extra"]
    architectures = ["aarch64"]`);
  assertEquals(upstreams[1], {
    name: "testing",
    mirrorUrls: ["http://localhost:1/"],
    repositories: ["extra"],
    architectures: ["aarch64"],
    upstreamLayout: "testing/$repo/$arch",
    clientPath: "testing/testing/$repo/$arch",
    mirrorlist: "",
    extraPaths: [],
    credentials: "",
    secretHeaders: {},
    redirectHosts: [],
    keepSnapshots: 0,
  });
});

Deno.test("a preset with several layouts is reduced to the selected repositories", () => {
  const table = (line: string) => `[upstreams.cachyos]\npreset = "cachyos"\n${line}`;
  const { upstreams } = configOf(table('mirrored_repos = ["cachyos-v3", "cachyos"]'));
  assertEquals(upstreams.slice(1).map(({ name, repositories }) => [name, ...repositories]), [
    ["cachyos", "cachyos"],
    ["cachyos-v3", "cachyos-v3"],
  ]);
  assertMatch(
    problemsOf(table('mirrored_repos = ["cachyos-v5"]'))[0]!,
    /mirrored_repos: found "cachyos-v5", expected repositories of the preset: cachyos, cachyos-v3/,
  );
  assertMatch(
    problemsOf(table('client_path = "x/$repo"'))[0]!,
    /client_path: .*without preset for each/,
  );
});

Deno.test("a problem of a preset with several layouts is reported once", () => {
  const problems = problemsOf('[upstreams.cachyos]\npreset = "cachyos"\nmirror_urls = ["x"]');
  assertEquals(problems.length, 1);
  assertMatch(problems[0]!, /upstreams\.cachyos\.mirror_urls: found "x"/);
});

Deno.test("an upstream without preset needs mirrors and repositories, all else has defaults", () => {
  const { upstreams } = configOf(`
    [upstreams.other]
    mirror_urls = ["https://other.example/"]
    mirrored_repos = ["stuff"]`);
  assertEquals(upstreams[1], {
    name: "other",
    mirrorUrls: ["https://other.example/"],
    repositories: ["stuff"],
    architectures: ["x86_64"],
    upstreamLayout: "$repo/os/$arch",
    clientPath: "other/$repo/os/$arch",
    mirrorlist: "",
    extraPaths: [],
    credentials: "",
    secretHeaders: {},
    redirectHosts: [],
    keepSnapshots: 0,
  });
  const problems = problemsOf("[upstreams.other]");
  assertEquals(problems.length, 2);
  assertMatch(problems[0]!, /upstreams\.other\.mirrored_repos: found nothing, expected a list/);
  assertMatch(problems[1]!, /upstreams\.other\.mirror_urls: found nothing, expected a list/);
});

Deno.test("the main upstream's client path follows its layout", () => {
  const [main] = configOf('upstream_layout = "$arch/$repo"').upstreams;
  assertEquals(main!.clientPath, "$arch/$repo");
});

Deno.test("two upstreams cannot have equal or nested directories", async (t) => {
  const other = (path: string) => `
    [upstreams.other]
    mirror_urls = ["https://other.example/"]
    mirrored_repos = ["core", "stuff"]
    client_path = "${path}"`;
  for (const path of ["$repo/os/$arch", "$repo/os/x86_64", "$repo/os/$arch/sub", "$repo/os"]) {
    await t.step(`${path} overlaps`, () => {
      const problems = problemsOf(other(path));
      assertEquals(problems.length, 1);
      assertMatch(problems[0]!, /upstreams\.other\.client_path: .*overlaps with upstream "arch"/);
    });
  }
  for (const path of ["other/$repo", "$repo/other/$arch", "$repo/os/x86_64_v3"]) {
    await t.step(`${path} is free`, () => assertEquals(problemsOf(other(path)), []));
  }
});

Deno.test("the name of an upstream is plain and unique", async (t) => {
  for (const name of ["arch", "UP", '"a/b"', '".."', '""', '"a b"']) {
    await t.step(name, () => {
      assertEquals(problemsOf(`[upstreams.${name}]\npreset = "manjaro"`).length, 1);
    });
  }
  assertMatch(
    problemsOf(
      '[upstreams.cachyos]\npreset = "cachyos"\n[upstreams.cachyos-v3]\npreset = "manjaro"',
    )[0]!,
    /upstreams\.cachyos-v3: found a second upstream "cachyos-v3"/,
  );
  assertMatch(problemsOf("[upstreams]\nmanjaro = true")[0]!, /upstreams\.manjaro: found true/);
});

Deno.test("origins distinguish presets, the file and defaults", () => {
  const parsed = parse('[upstreams.m]\npreset = "manjaro"\nmirrored_repos = ["core"]');
  assert(parsed.ok);
  assertEquals(parsed.origins.get("upstreams.m.mirror_urls"), "preset manjaro");
  assertEquals(parsed.origins.get("upstreams.m.mirrored_repos"), "file");
  assertEquals(parsed.origins.get("upstreams.m.client_path"), "name and upstream_layout");
});

Deno.test("a mirror without $repo or $arch has a path for clients, by whichever way it is written", async (t) => {
  const OBS = "https://host.example/repositories/home:/me:/Q/Arch_Extra";
  const table: [way: string, lines: string, clientPath: string][] = [
    ["a line with $arch", `mirror_urls = ["${OBS}/$arch"]`, "own/$repo/os/$arch"],
    ["a root and $arch", `mirror_urls = ["${OBS}"]\nupstream_layout = "$arch"`, "own/$arch"],
    [
      "a path with colons",
      'mirror_urls = ["https://host.example/"]\nupstream_layout = "home:/me:/Q/$arch"',
      "own/home:/me:/Q/$arch",
    ],
    ["no path", `mirror_urls = ["${OBS}/x86_64"]\nupstream_layout = ""`, "own"],
    ["a dot", `mirror_urls = ["${OBS}/x86_64"]\nupstream_layout = "."`, "own"],
    ["a slash", `mirror_urls = ["${OBS}/x86_64"]\nupstream_layout = "/"`, "own"],
    ["a plain path", `mirror_urls = ["${OBS}"]\nupstream_layout = "x86_64"`, "own/x86_64"],
    [
      "a path for clients",
      `mirror_urls = ["${OBS}"]\nupstream_layout = ""\nclient_path = "q/$repo/$arch"`,
      "q/$repo/$arch",
    ],
  ];
  for (const [way, lines, clientPath] of table) {
    await t.step(way, () => {
      const { upstreams } = configOf(
        `[upstreams.own]\nmirrored_repos = ["home_me_Q_Arch_Extra"]\n${lines}`,
      );
      assertEquals(upstreams[1]?.clientPath, clientPath);
    });
  }
});

Deno.test("the main upstream without a layout keeps the usual path for clients", () => {
  const [main] = configOf('mirrored_repos = ["core"]\nupstream_layout = ""').upstreams;
  assertEquals([main!.upstreamLayout, main!.clientPath], ["", "$repo/os/$arch"]);
});

Deno.test("an address that several repositories or architectures would share is refused", async (t) => {
  const table = [
    ["mirrored_repos", '["a", "b"]', "$arch", /for both a and b, expected \$repo in the address/],
    ["mirrored_repos", '["a", "b"]', "", /for both a and b/],
    ["architectures", '["x", "y"]', "$repo", /for both x and y, expected \$arch in the address/],
    ["architectures", '["x", "y"]', "plain", /for both x and y/],
  ] as const;
  for (const [key, values, layout, expected] of table) {
    await t.step(`${key}, layout "${layout}"`, () => {
      const repositories = key === "mirrored_repos" ? values : '["a"]';
      const architectures = key === "architectures" ? values : '["x"]';
      const problems = problemsOf(`
        [upstreams.own]
        mirror_urls = ["https://host.example/files"]
        mirrored_repos = ${repositories}
        architectures = ${architectures}
        upstream_layout = "${layout}"
        client_path = "own/$repo/$arch"`);
      assertEquals(problems.length, 1, String(problems));
      assertMatch(problems[0]!, expected);
      assertMatch(problems[0]!, /upstreams\.own\.mirror_urls: found "https:/);
    });
  }
});

Deno.test("clients' paths that several repositories would share are refused", () => {
  const [problem, ...others] = problemsOf(`
    [upstreams.own]
    mirror_urls = ["https://host.example/$repo/$arch"]
    mirrored_repos = ["a", "b"]
    upstream_layout = ""`);
  assertMatch(problem!, /upstreams\.own\.client_path: found "own" for more than one/);
  assertEquals(others, []);
});

Deno.test("a mirrorlist replaces the mirrors that were not given, and joins those that were", () => {
  const list = 'mirrorlist = "/etc/pacman.d/mirrorlist"';
  const urls = 'mirror_urls = ["https://a.example/"]';
  const preset = '[upstreams.m]\npreset = "manjaro"';
  const mirrorsOf = (text: string, environment: Record<string, string> = {}) =>
    configOf(text, environment).upstreams.at(-1)!.mirrorUrls;
  assertEquals(mirrorsOf(list), []);
  assertEquals(mirrorsOf(`${list}\n${urls}`), ["https://a.example/"]);
  assertEquals(mirrorsOf(list, { PKGSTASH_MIRROR_URLS: "https://b.example/" }), [
    "https://b.example/",
  ]);
  assertEquals(mirrorsOf(`${preset}\n${list}`), []);
  assertEquals(mirrorsOf(`${preset}\n${list}\n${urls}`), ["https://a.example/"]);
  assertEquals(mirrorsOf(`[upstreams.m]\n${list}\nmirrored_repos = ["a"]`), []);
  assertEquals(configOf('mirrorlist = "list"').upstreams[0]!.mirrorlist, "/here/list");
});

Deno.test("extra paths belong to one upstream, and the groups of a preset share one list", () => {
  const { upstreams } = configOf(`
    extra_paths = ["/lastsync", "iso/**"]
    [upstreams.cachyos]
    preset = "cachyos"
    extra_paths = ["lastupdate"]`);
  assertEquals(upstreams.map(({ extraPaths }) => extraPaths), [
    ["lastsync", "iso/**"],
    ["lastupdate"],
    [],
    [],
  ]);
});
