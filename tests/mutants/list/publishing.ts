import type { Mutant } from "../mutant.ts";

/** What may join an own repository, how it is published, and what clients get of it. */
export const PUBLISHING: readonly Mutant[] = [
  {
    file: "publishing/admission.ts",
    find: "if (order < 0 && !consent.downgrade) {",
    replace: "if (false) {",
    breaks: "an older package replaces a newer one by mistake",
    killedBy: [
      "publishing/own_repository_test.ts: one refused package keeps out all packages of the same call",
    ],
  },
  {
    file: "publishing/admission.ts",
    find: "if (order === 0 && rival.sha256 !== added.sha256 && !consent.replace) {",
    replace: "if (false) {",
    breaks: "of two uploads of one version the second replaces the first unseen",
    killedBy: [
      "publishing/own_repository_test.ts: one of two simultaneous uploads of the same version with different bytes is refused",
    ],
  },
  {
    file: "publishing/admission.ts",
    find: "if (needed.length > 0 && !force) {",
    replace: "if (false) {",
    breaks: "a package that others need is removed by mistake",
    killedBy: [
      "app/own_repositories_test.ts: a package that others depend on is removed only with --force",
    ],
  },
  {
    file: "publishing/generation_store.ts",
    find: "? await this.#packages.isEmpty()",
    replace: "? true",
    breaks: "packages whose publications are lost are removed",
    killedBy: [
      "publishing/rebuild_test.ts: a rebuild without any list of packages publishes the newest versions in the store",
    ],
  },
  {
    file: "publishing/rebuild.ts",
    find: "if (lost.length > 0 && !force) throw refusal(own, lost);",
    replace: "",
    breaks: "a rebuild drops packages that nobody agreed to lose",
    killedBy: [
      "publishing/rebuild_test.ts: a rebuild fails and names each lost package, unless it may leave them out",
    ],
  },
  {
    file: "publishing/own_repository.ts",
    find: "if (!anew && this.#isLost) throw lostHistory(this.layout);",
    replace: "",
    breaks: "an empty repository is published over one whose history is damaged",
    killedBy: [
      "publishing/own_repository_test.ts: a damaged history is reported, and not replaced by an empty repository or a new package",
    ],
  },
  {
    file: "publishing/generation_store.ts",
    find: "[...changed, ...former, ...packages].map(",
    replace: "[...changed, ...packages].map(",
    breaks: "former versions that keep_versions keeps are removed",
    killedBy: [
      "publishing/kept_packages_test.ts: a former version can be downloaded after its generation is gone, and after a restart",
    ],
  },
  {
    file: "publishing/generation_store.ts",
    find: "[...changed, ...former, ...packages].map(",
    replace: "[...former, ...packages].map(",
    breaks: "packages that a rollback needs are removed",
    killedBy: [
      "publishing/kept_packages_test.ts: a package file is kept exactly while a kept generation or a former version needs it",
    ],
  },
  {
    file: "cli/repository_copies/export.ts",
    find: "if (!options.force) await refuseForeign(",
    replace: "if (false) await refuseForeign(",
    breaks: "an export replaces files of others",
    killedBy: [
      "app/repository_copies_test.ts: an export that would replace a file of somebody else writes nothing",
    ],
  },
  {
    file: "cli/repository_copies/export_directory.ts",
    find: "return info.isFile && recorded.includes(await sha256Of(path));",
    replace: "return info.isFile;",
    breaks: "an export replaces or removes its files although somebody changed them",
    killedBy: [
      "app/repository_copies_test.ts: a file of an export that somebody changed is no longer the export's",
    ],
  },
  {
    file: "cli/repository_copies/import.ts",
    find: 'if (isWhole && hash.digest("hex") !== sha256) return',
    replace: 'if (isWhole && hash.digest("hex") === "") return',
    breaks: "an import takes other packages than its database lists",
    killedBy: [
      "app/repository_copies_test.ts: an import is refused with the names of what is missing or differs, and leaves nothing",
    ],
  },
  {
    file: "publishing/staged_packages.ts",
    find: "admitted(debugPackages, await debug.published(), { ...options, repository: debug });",
    replace: "",
    breaks: "a refused debug package uses its upload up",
    killedBy: [
      "publishing/debug_packages_test.ts: a package that either repository refuses keeps all others out of both",
    ],
  },
  {
    file: "publishing/own_repository.ts",
    find: "await lastStep();\n      return files;",
    replace: "void lastStep();\n        return files;",
    breaks: "packages are published without their debug packages",
    killedBy: [
      "publishing/debug_packages_test.ts: whenever the disk fails, no package is published without its debug package",
    ],
  },
  {
    file: "publishing/promotion.ts",
    find: "    withoutPackages(names, published, move.force);",
    replace:
      "    await removePackages({ ...options.from, names, ...move, by, action: `move to ${target}` });",
    breaks: "a crash during a move loses the package",
    killedBy: [
      "publishing/crash_test.ts: whenever the disk fails during a move, the package is in at least one of the repositories",
    ],
  },
  {
    file: "publishing/uploads.ts",
    find: "for (const { published } of staged) await this.#verifyGiven(upload, published);",
    replace: "",
    breaks: "a stranger's signature is served as that of a package",
    killedBy: [
      "app/own_repositories_test.ts: a signature by an untrusted key is refused, and omitted on request",
    ],
  },
  {
    file: "publishing/generation_store.ts",
    find: "if ((await statIfPresent(path))?.size !== size || await sha256Of(path) !== sha256) {",
    replace: "if (false) {",
    breaks: "a damaged database is served after a crash",
    killedBy: ["publishing/crash_test.ts: a damaged generation gives way to the previous one"],
  },
  {
    file: "publishing/databases.ts",
    find: '.digest("hex") === sha256) return bytes;',
    replace: '.digest("hex") !== "") return bytes;',
    breaks: "damage of a database is published again with each later one",
    killedBy: ["publishing/databases_test.ts"],
  },
  {
    file: "publishing/debug_packages.ts",
    find: "return found.filter(({ name }) => !others",
    replace: "return found.filter(({ name }) => others.size < 0 || !new Set<string>()",
    breaks: "a package loses its debug package when another of the same build is removed",
    killedBy: [
      "publishing/debug_packages_test.ts: moved and removed packages leave no orphaned debug packages",
    ],
  },
  {
    file: "publishing/promotion.ts",
    find: "assertPublishesNow(to, source);",
    replace: "",
    breaks: "a moved package is nowhere until it is signed",
    killedBy: [
      "publishing/external_signing_test.ts: a move into an externally signed repository is refused",
    ],
  },
  {
    file: "publishing/next_generation.ts",
    find: "return Math.max(now(), last + 1000);",
    replace: "return now();",
    breaks: "a client gets 304 for a database that is newer by less than a second",
    killedBy: [
      "publishing/own_repository_test.ts: each generation has a later date, in whole seconds",
    ],
  },
  {
    file: "publishing/retention.ts",
    find:
      ".filter((_, index) => (generations[index + 1]?.publishedAt ?? Infinity) < settledBefore);",
    replace: ";",
    breaks: "clients lose the generation that they are reading",
    killedBy: [
      "publishing/own_repository_test.ts: generations beyond keep_generations are removed, with the packages that no other has",
    ],
  },
  {
    file: "publishing/requests.ts",
    find: "const pair = leased === null ? null : await this.#sendMember(asked, leased);",
    replace: "const pair = null;",
    breaks: "a client gets a signature of another database than it has",
    killedBy: [
      "app/own_repositories_test.ts: a client in the middle of a sync keeps the pair that it began with, and its packages",
    ],
  },
  {
    file: "publishing/requests.ts",
    find: "(leased === null ? null : changedSince(leased.number, history, name)) ??",
    replace: "",
    breaks: "a client gets other bytes than the database that it has lists",
    killedBy: [
      "app/own_repositories_test.ts: a client in the middle of a sync keeps the pair that it began with, and its packages",
    ],
  },
  {
    file: "publishing/own_repositories.ts",
    find: "if (fault !== undefined) {",
    replace: "if (false) {",
    breaks: "an own repository takes the path of a mirrored one",
    killedBy: [
      "app/own_repositories_test.ts: an own repository never takes a name or a path from a mirrored one",
    ],
  },
  {
    file: "publishing/received_package.ts",
    find: "    await removeIfPresent(path);\n",
    replace: "",
    breaks: "the rest of a broken upload stays",
    killedBy: ["publishing/received_package_test.ts"],
  },
  {
    file: "publishing/views.ts",
    find: "publishedAt < view.end",
    replace: "publishedAt <= view.end",
    breaks: "the view of a day changes at the first publication of the next",
    killedBy: [
      "publishing/views_test.ts: a view never changes once its day is over, whatever is published",
    ],
  },
  {
    file: "publishing/views.ts",
    find: "if (view.start > now) {",
    replace: "if (view.start > now + 86_400_000) {",
    breaks: "the view of a day to come shows what is served before it",
    killedBy: [
      "publishing/views_test.ts: a view of a time not kept or in the future is refused with the reason",
    ],
  },
  {
    file: "publishing/views.ts",
    find: "if (next === found.number + 1) return found;",
    replace: "if (next > 0) return found;",
    breaks: "damage changes what a view shows",
    killedBy: [
      "publishing/views_test.ts: a view that a damaged generation makes doubtful is refused",
    ],
  },
  {
    file: "publishing/next_generation.ts",
    find: "isAhead(last, now) ? now : Math.max(now, last)",
    replace: "now",
    breaks: "a clock that is set back over midnight changes the view of the day before",
    killedBy: [
      "publishing/views_test.ts: a view never changes once its day is over, whatever is published",
    ],
  },
  {
    file: "publishing/requests.ts",
    find: "      : await meaningIn(view, file, own, leased);",
    replace: "      : await meaningOf(file, own, leased);",
    breaks: "a view has the packages of today",
    killedBy: [
      "publishing/views_test.ts: a view of a time not kept or in the future is refused with the reason",
    ],
  },
  {
    file: "publishing/signature_upkeep.ts",
    find: 'state === "former" && makers.includes(fingerprint)',
    replace: "makers.includes(fingerprint)",
    breaks: "everything is signed again for ever",
    killedBy: [
      "publishing/signature_upkeep_test.ts: everything is signed again by the new key when the overlap ends, and only once",
    ],
  },
  {
    file: "publishing/signature_upkeep.ts",
    find: "if (isOutdated) await own.publishAgain(",
    replace: "if (false) await own.publishAgain(",
    breaks: "databases keep the signature of a former key",
    killedBy: [
      "publishing/signature_upkeep_test.ts: everything is signed again by the new key when the overlap ends, and only once",
    ],
  },
  {
    file: "publishing/signature_upkeep.ts",
    find: "uses.filter(({ packages, isServed }) => packages > 0 || isServed)",
    replace: "uses.filter(() => false)",
    breaks: "a key is retired that clients need",
    killedBy: [
      "publishing/signature_upkeep_test.ts: a key is retired only when nothing that clients get needs it",
    ],
  },
  {
    file: "publishing/package_store.ts",
    find: "if (!equals(await Deno.readFile(path), before)) return false;",
    replace: "",
    breaks: "signing again overwrites the signature of a packager that came meanwhile",
    killedBy: [
      "publishing/signature_upkeep_test.ts: a signature replaced in the meantime is not overwritten",
    ],
  },
  {
    file: "publishing/signing/signing.ts",
    find: 'if (found.state === "former") return;',
    replace: "return;",
    breaks: "the key that signs can be removed",
    killedBy: [
      "publishing/signature_upkeep_test.ts: a key is retired only when nothing that clients get needs it",
    ],
  },
  {
    file: "publishing/signing/signing.ts",
    find: "passphrase, { date: null });",
    replace: "passphrase);",
    breaks: "nobody can replace an expired key after a restart",
    killedBy: [
      "publishing/signing/signing_test.ts: an expired key can be replaced even after a restart",
    ],
  },
  {
    file: "publishing/own_repository.ts",
    find: "    if (missing > 0) {",
    replace: "    if (missing > files.length) {",
    breaks: "a generation is published before all of it is signed",
    killedBy: [
      "publishing/external_signing_test.ts: nothing is published before every file has a signature by a trusted key",
    ],
  },
  {
    file: "publishing/waiting_publication.ts",
    find: "    await this.#trusted.verifyTrusted(file.path, signature);",
    replace: "",
    breaks: "any bytes pass for a signature",
    killedBy: [
      "publishing/external_signing_test.ts: a signature by another key, of different bytes, or of a file that does not await one is refused",
    ],
  },
  {
    file: "publishing/waiting_publication.ts",
    find: "return await this.#trusted.isByTrusted(await Deno.readFile(`${path}.sig`));",
    replace: "return true;",
    breaks: "a signature by a key that was distrusted meanwhile publishes",
    killedBy: [
      "publishing/external_signing_test.ts: a signature whose key is no longer trusted, or whose file is damaged, does not publish",
    ],
  },
  {
    file: "publishing/waiting_publication.ts",
    find: "if (!known.has(each.sha256)) await this.#verify(",
    replace: "if (false) await this.#verify(",
    breaks: "a package that was damaged since it was signed is published",
    killedBy: [
      "publishing/external_signing_test.ts: a signature whose key is no longer trusted, or whose file is damaged, does not publish",
    ],
  },
  {
    file: "publishing/signing/signing.ts",
    find: "await verifySignature(signature, { data, keys: await this.#trustedKeys(), date });",
    replace: "await this.verify(data, signature);",
    breaks: "the daemon can sign what somebody else has to sign",
    killedBy: [
      "publishing/external_signing_test.ts: a signature by another key, of different bytes, or of a file that does not await one is refused",
    ],
  },
];
