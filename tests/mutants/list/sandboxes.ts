import type { Mutant } from "../mutant.ts";

/** The walls around a build. */
export const SANDBOXES: readonly Mutant[] = [
  {
    file: "builder/sandbox/sandbox.ts",
    find: '...hasNetwork ? [] : ["--unshare-net"],',
    replace: "",
    breaks: "every build has the network of the machine",
    killedBy: [
      "builder/sandbox/sandbox_test.ts: a build has no network, no capabilities and no terminal, and sees no other process",
    ],
  },
  {
    file: "builder/sandbox/sandbox.ts",
    find: '"--disable-userns",',
    replace: "",
    breaks: "a build makes namespaces in which it is root",
    killedBy: [
      "builder/sandbox/sandbox_test.ts: a build has no network, no capabilities and no terminal, and sees no other process",
    ],
  },
  {
    file: "builder/sandbox/sandbox.ts",
    find: 'isWritable ? "--bind" : "--ro-bind"',
    replace: '"--bind"',
    breaks: "a build writes to everything that it sees",
    killedBy: [
      "builder/sandbox/sandbox_test.ts: a bind is read-only unless the plan says otherwise, and nothing else is bound",
    ],
  },
  {
    file: "builder/sandbox/namespaces.ts",
    find: "if (!/^[\\w./@+-]+$/.test(path)) {",
    replace: "if (path === null) {",
    breaks: "a path becomes a command of the shell",
    killedBy: ["builder/sandbox/namespaces_test.ts"],
  },
  {
    file: "builder/steps/unpack_tree.ts",
    find: "if (!PATH.test(name))",
    replace: "if (name === null)",
    breaks: "a daemon that was taken over writes anywhere as the builder",
    killedBy: [
      "builder/steps/unpack_tree_test.ts: a path outside the directory and a duplicate name are refused",
    ],
  },
];
