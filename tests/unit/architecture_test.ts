import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path";

const SRC = fromFileUrl(new URL("../../src", import.meta.url));
const MAP = new URL("../../docs/architecture.md", import.meta.url);

/** Every room may import these. */
const GROUND_FLOOR = ["errors.ts", "version.ts", "log_level.ts", "async"];
/** Wings with a door, `<wing>/<wing>.ts`. */
const WINGS = ["mirroring", "publishing"];
/** Ambient declarations, which no module imports. */
const NOT_A_ROOM = ["std.d.ts"];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly isTypeOnly: boolean;
  /** Whether it is an `import()`, which loads nothing at the start. */
  readonly isLazy: boolean;
}

const rooms = await readMap();
const sources = await readSources(SRC);
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

Deno.test("the map lists every room, and no room that does not exist", () => {
  const found = new Set([...sources.keys()].map(roomOf));
  assertEquals([...rooms.keys()].toSorted(), [...found].toSorted());
});

Deno.test("a room imports only the rooms that the map allows", () => {
  const wrong = imports.filter(({ from, to }) => !isAllowed(roomOf(from), roomOf(to)));
  assertEquals(wrong.map(describe), []);
});

Deno.test("a wing is entered by its door, or for a type", () => {
  const wrong = imports.filter(({ from, to, isTypeOnly }) =>
    WINGS.some((wing) =>
      to.startsWith(`${wing}/`) && !from.startsWith(`${wing}/`) && to !== `${wing}/${wing}.ts`
    ) && !isTypeOnly
  );
  assertEquals(wrong.map(({ from, to, line }) => `src/${from}:${line} imports ${to}`), []);
});

Deno.test("no import leads back to its own file", () => {
  assertEquals(findCircles(graphOf(imports)), []);
});

Deno.test("the map itself has no circle between rooms", () => {
  const graph = new Map(
    [...rooms].map(([room, allowed]) => [
      room,
      [...rooms.keys()].filter((other) => other !== room && covers(allowed, other)),
    ]),
  );
  assertEquals(findCircles(graph), []);
});

Deno.test("no part of the daemon can start a program", () => {
  const STARTING = /\bDeno\s*\.\s*Command\b|\bchild_process\b/;
  const starting = [...sources].filter(([, text]) => STARTING.test(text)).map(([file]) => file);
  assertEquals(starting, ["builder/command.ts"]);
  const inDaemon = imports.filter(({ from, to }) =>
    to.startsWith("builder/") && !from.startsWith("builder/")
  );
  assertEquals(inDaemon.map(describe), []);
});

Deno.test("formats know no disk, no network and no clock", () => {
  const OUTSIDE = /\bDeno\.|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bsetTimeout\(/;
  const impure = [...sources]
    .filter(([file, text]) => file.startsWith("formats/") && OUTSIDE.test(withoutComments(text)));
  assertEquals(impure.map(([file]) => file), []);
});

Deno.test("the daemon starts without the schemas of the API, which take time to load", () => {
  const loaded = new Set(["cli/cli.ts", "cli/commands/serve.ts", "serve.ts"]);
  for (const file of loaded) {
    for (const { from, to, isTypeOnly, isLazy } of imports) {
      if (from === file && !isTypeOnly && !isLazy) loaded.add(to);
    }
  }
  assert(loaded.has("server/handler.ts"));
  assertEquals([...loaded].filter((file) => roomOf(file) === "api"), []);
});

Deno.test("a wrong arrow and a circle are found", () => {
  const arrow = importsOf("formats/a.ts", 'import { x } from "../server/server.ts";\n');
  assertEquals(arrow.map(({ to }) => to), ["server/server.ts"]);
  assert(!isAllowed("formats", "server"));
  assert(isAllowed("server", "mirroring/cache"));
  assertEquals(findCircles(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["a"]]])), ["a -> b -> c"]);
});

/** Rooms with what each may import, from the table of the map. */
async function readMap(): Promise<Map<string, string[]>> {
  const table = new Map<string, string[]>();
  for (const line of (await Deno.readTextFile(MAP)).split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    const room = /^`([^`]+)`$/.exec(cells[1] ?? "")?.[1];
    if (room === undefined || cells.length !== 5) continue;
    table.set(room, [...cells[3]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
  }
  return table;
}

/** The text of every module below `directory`, by its path there. */
async function readSources(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) { for (const entry of await readSources(path)) found.set(...entry); }
    else if (/\.tsx?$/.test(name) && !NOT_A_ROOM.includes(name)) {
      found.set(relative(SRC, path), await Deno.readTextFile(path));
    }
  }
  return found;
}

function importsOf(file: string, text: string): Import[] {
  const IMPORT = /^(?:import|export)\s(type\s)?[^;]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms;
  return [...text.matchAll(IMPORT)].flatMap((match) => {
    const specifier = match[2] ?? match[3]!;
    const to = join(dirname(file), specifier);
    // Packages, and the manifest outside src.
    if (!specifier.startsWith(".") || to.startsWith("..")) return [];
    const line = text.slice(0, match.index).split("\n").length;
    const isLazy = match[2] === undefined;
    return [{ from: file, to, line, isTypeOnly: match[1] !== undefined, isLazy }];
  });
}

/** The longest entry of the map that a file lies in; its top folder if the map has none. */
function roomOf(file: string): string {
  const segments = file.split("/");
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join("/");
    if (rooms.has(name)) return name;
  }
  return segments.length > 2 ? segments.slice(0, 2).join("/") : segments[0]!;
}

function isAllowed(from: string, to: string): boolean {
  return from === to || GROUND_FLOOR.includes(to) || covers(rooms.get(from) ?? [], to);
}

function covers(allowed: readonly string[], room: string): boolean {
  return allowed.some((name) => room === name || room.startsWith(`${name}/`));
}

function describe({ from, to, line }: Import): string {
  return `src/${from}:${line} imports ${to}, which ${roomOf(from)} may not`;
}

function graphOf(edges: readonly Import[]): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const { from, to } of edges) graph.set(from, [...graph.get(from) ?? [], to]);
  return graph;
}

/** Each circle once, beginning with its first name in the order of the alphabet. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles = new Set<string>();
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]) => {
    const start = path.indexOf(node);
    if (start >= 0) {
      const circle = path.slice(start);
      const first = circle.indexOf(circle.toSorted()[0]!);
      circles.add([...circle.slice(first), ...circle.slice(0, first)].join(" -> "));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return [...circles];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/\/\/.*$/gm, "");
}
