import { assert, assertEquals } from "@std/assert";
import { bubblewrapArguments, type SandboxPlan } from "../../../../src/builder/sandbox/sandbox.ts";

const PLAN: SandboxPlan = {
  binds: [
    { source: "/work/root", target: "/", isWritable: false },
    { source: "/work/build", target: "/build", isWritable: true },
  ],
  memory: [{ target: "/tmp", bytes: 1024 }],
  links: [],
  hasNetwork: false,
  user: "build",
  env: { HOME: "/build" },
  directory: "/build",
  argv: ["makepkg", "--version"],
};

Deno.test("a build has no network, no capabilities and no terminal, and sees no other process", () => {
  const argv = bubblewrapArguments(PLAN);
  for (
    const wall of [
      "--unshare-net",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-user",
      "--disable-userns",
      "--die-with-parent",
      "--new-session",
      "--clearenv",
    ]
  ) {
    assert(argv.includes(wall), wall);
  }
  assertEquals(argv[argv.indexOf("--cap-drop") + 1], "ALL");
});

Deno.test("a plan with network shares the machine's", () => {
  assert(!bubblewrapArguments({ ...PLAN, hasNetwork: true }).includes("--unshare-net"));
});

Deno.test("a bind is read-only unless the plan says otherwise, and nothing else is bound", () => {
  const argv = bubblewrapArguments(PLAN);
  const binds = argv.flatMap((word, at) =>
    /^--(ro-)?bind/.test(word) ? [argv.slice(at, at + 3)] : []
  );
  assertEquals(binds, [
    ["--ro-bind", "/work/root", "/"],
    ["--bind", "/work/build", "/build"],
  ]);
});

Deno.test("the root is mounted before what is in it, and devices become read-only before the binds", () => {
  const argv = bubblewrapArguments(PLAN);
  const order = ["/work/root", "--proc", "--dev", "--remount-ro", "/work/build"];
  const places = order.map((word) => argv.indexOf(word));
  assertEquals(places, places.toSorted((one, other) => one - other));
  assert(places.every((place) => place > 0));
});

Deno.test("the program's arguments come after the end of the options, whatever they are", () => {
  const argv = bubblewrapArguments({ ...PLAN, argv: ["--share-net", "--bind", "/", "/"] });
  assertEquals(argv.slice(argv.indexOf("--")), ["--", "--share-net", "--bind", "/", "/"]);
});
