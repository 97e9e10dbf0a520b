/** What the AUR reads from one package's part of a `.SRCINFO`. */
export interface SrcinfoValues {
  readonly name: string;
  readonly version: string;
  readonly description: string | null;
  /** Lists by their key. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

const RELATIONS = [
  ["Depends", "depends"],
  ["MakeDepends", "makedepends"],
  ["CheckDepends", "checkdepends"],
  ["OptDepends", "optdepends"],
  ["Provides", "provides"],
  ["Conflicts", "conflicts"],
  ["Replaces", "replaces"],
  ["Groups", "groups"],
] as const;

/** One entry for each package of a package base. */
export function valuesOf(srcinfo: string): SrcinfoValues[] {
  const sections: Map<string, string[]>[] = [new Map()];
  for (const line of srcinfo.split("\n")) {
    const [, key = "", value = ""] = /^\s*([a-z0-9_]+) = (.*)$/.exec(line) ?? [];
    if (key === "") continue;
    if (key === "pkgname") sections.push(new Map());
    const section = sections.at(-1)!;
    section.set(key, [...section.get(key) ?? [], value]);
  }
  const [base = new Map<string, string[]>(), ...packages] = sections;
  const one = (key: string) => base.get(key)?.[0];
  const epoch = one("epoch") === undefined ? "" : `${one("epoch")}:`;
  return packages.map((own) => {
    const lists = new Map<string, readonly string[]>();
    for (const [, key] of RELATIONS) {
      const all = [...new Set([...base.keys(), ...own.keys()])]
        .filter((each) => each === key || each.startsWith(`${key}_`))
        .flatMap((each) => own.get(each) ?? base.get(each) ?? []);
      lists.set(key, all);
    }
    return {
      name: own.get("pkgname")![0]!,
      version: `${epoch}${one("pkgver")}-${one("pkgrel")}`,
      description: own.get("pkgdesc")?.[0] ?? one("pkgdesc") ?? null,
      lists,
    };
  });
}

/** The lists that are not empty, as the RPC names them. */
export function relationsOf({ lists }: SrcinfoValues): Record<string, readonly string[]> {
  return Object.fromEntries(
    RELATIONS.flatMap(([name, key]) => {
      const list = lists.get(key) ?? [];
      return list.length === 0 ? [] : [[name, list]];
    }),
  );
}

/** A small PKGBUILD with its `.SRCINFO`. */
export function packageFiles(
  name: string,
  version: string,
  { depends = [], makedepends = [], names = [name], provides = [], build = "" }: {
    depends?: readonly string[];
    makedepends?: readonly string[];
    names?: readonly string[];
    provides?: readonly string[];
    build?: string;
  } = {},
): Record<string, string> {
  const list = (key: string, values: readonly string[]) =>
    values.length === 0 ? "" : `${key}=(${values.map((value) => `'${value}'`).join(" ")})\n`;
  const lines = (key: string, values: readonly string[]) =>
    values.map((value) => `\t${key} = ${value}\n`).join("");
  const pkgname = names.length === 1 ? `pkgname=${names[0]}\n` : `pkgname=(${names.join(" ")})\n`;
  const base = names.length === 1 && names[0] === name ? "" : `pkgbase=${name}\n`;
  const functions = names.map((each) =>
    `${names.length === 1 ? "package" : `package_${each}`}() {\n  true\n}\n`
  ).join("\n");
  const PKGBUILD = `${base}${pkgname}pkgver=${version}\npkgrel=1\npkgdesc='A package'\n` +
    `arch=('any')\nurl='https://example.invalid'\nlicense=('MIT')\n` +
    list("depends", depends) + list("makedepends", makedepends) + list("provides", provides) +
    `\nbuild() {\n  ${build === "" ? "true" : build}\n}\n\n${functions}`;
  const SRCINFO = `pkgbase = ${name}\n\tpkgdesc = A package\n\tpkgver = ${version}\n` +
    `\tpkgrel = 1\n\turl = https://example.invalid\n\tarch = any\n\tlicense = MIT\n` +
    lines("makedepends", makedepends) + lines("depends", depends) + lines("provides", provides) +
    names.map((each) => `\npkgname = ${each}\n`).join("");
  return { PKGBUILD, ".SRCINFO": SRCINFO };
}
