import type { Mutant } from "../mutant.ts";

/** What may join an own repository, how it is published, and what clients get of it. */
export const PUBLISHING: readonly Mutant[] = [
  {
    file: "publishing/admission.ts",
    find: "if (order < 0 && !consent.downgrade) {",
    replace: "if (false) {",
    breaks: "an older package replaces a newer one by mistake",
    killedBy: ["publishing/own_repository_test.ts"],
  },
  {
    file: "publishing/admission.ts",
    find: "if (order === 0 && rival.sha256 !== added.sha256 && !consent.replace) {",
    replace: "if (false) {",
    breaks: "of two uploads of one version the second replaces the first unseen",
    killedBy: ["publishing/own_repository_test.ts"],
  },
  {
    file: "publishing/admission.ts",
    find: "if (needed.length > 0 && !force) {",
    replace: "if (false) {",
    breaks: "a package that others need is removed by mistake",
    killedBy: ["app/own_repositories_test.ts"],
  },
  {
    file: "publishing/own_repository.ts",
    find: "if (current === null && this.#history.lastNumber > 0) return null;",
    replace: "",
    breaks: "an empty repository is published over one whose history is damaged",
    killedBy: ["publishing/own_repository_test.ts"],
  },
  {
    file: "publishing/own_repository.ts",
    find: "const needed = [...packages, ...former, ...changed];",
    replace: "const needed = [...packages, ...changed];",
    breaks: "former versions that keep_versions keeps are removed",
    killedBy: ["publishing/kept_packages_test.ts"],
  },
  {
    file: "publishing/own_repository.ts",
    find: "const needed = [...packages, ...former, ...changed];",
    replace: "const needed = [...packages, ...former];",
    breaks: "packages that a rollback needs are removed",
    killedBy: ["publishing/kept_packages_test.ts"],
  },
  {
    file: "publishing/promotion.ts",
    find: "if (move !== null) withoutPackages(names, published, move.force);",
    replace:
      "if (move !== null) await from.remove(names, { ...move, by, action: `move to ${target}` });",
    breaks: "a crash during a move loses the package",
    killedBy: ["publishing/crash_test.ts"],
  },
  {
    file: "publishing/uploads.ts",
    find: "for (const { published } of staged) await this.#verifyGiven(upload, published);",
    replace: "",
    breaks: "a stranger's signature is served as that of a package",
    killedBy: ["app/own_repositories_test.ts"],
  },
  {
    file: "publishing/generation_store.ts",
    find: "if ((await statIfPresent(path))?.size !== size || await sha256Of(path) !== sha256) {",
    replace: "if (false) {",
    breaks: "a damaged database is served after a crash",
    killedBy: ["publishing/crash_test.ts"],
  },
  {
    file: "publishing/databases.ts",
    find: '.digest("hex") === sha256) return bytes;',
    replace: '.digest("hex") !== "") return bytes;',
    breaks: "damage of a database is published again with each later one",
    killedBy: ["publishing/databases_test.ts"],
  },
  {
    file: "publishing/own_repository.ts",
    find: "return Math.max(this.#now(), last + 1000);",
    replace: "return this.#now();",
    breaks: "a client gets 304 for a database that is newer by less than a second",
    killedBy: ["publishing/own_repository_test.ts"],
  },
  {
    file: "publishing/own_repository.ts",
    find:
      ".filter((_, index) => (generations[index + 1]?.publishedAt ?? Infinity) < settledBefore);",
    replace: ";",
    breaks: "clients lose the generation that they are reading",
    killedBy: ["publishing/own_repository_test.ts"],
  },
  {
    file: "publishing/requests.ts",
    find: "const pair = leased === null ? null : await sendMember(asked, leased);",
    replace: "const pair = null;",
    breaks: "a client gets a signature of another database than it has",
    killedBy: ["app/own_repositories_test.ts"],
  },
  {
    file: "publishing/requests.ts",
    find: "(leased === null ? null : changedSince(leased.number, history, name)) ??",
    replace: "",
    breaks: "a client gets other bytes than the database that it has lists",
    killedBy: ["app/own_repositories_test.ts"],
  },
  {
    file: "publishing/publishing.ts",
    find: "if (fault !== undefined) {",
    replace: "if (false) {",
    breaks: "an own repository takes the path of a mirrored one",
    killedBy: ["app/own_repositories_test.ts"],
  },
  {
    file: "publishing/received_package.ts",
    find: "    await removeIfPresent(path);\n",
    replace: "",
    breaks: "the rest of a broken upload stays",
    killedBy: ["publishing/received_package_test.ts"],
  },
];
