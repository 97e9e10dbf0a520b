import type { Mutant } from "../mutant.ts";

const REPOSITORIES = ["building/looks/watched_repositories_test.ts"];
const SETTINGS = ["building/settings_test.ts"];

/** Builds: who may say what of them, and what is published of them. */
export const BUILDS: readonly Mutant[] = [
  {
    file: "building/looks/pinned_sources.ts",
    find: 'typeof result.places[at] !== "string"',
    replace: "false",
    breaks: "a commit of a fork passes by itself",
    killedBy: [
      "building/looks/pinned_sources_test.ts: a pinned commit that is on no branch waits for a person, with the reason",
    ],
  },
  {
    file: "server/api/builder.ts",
    find: "reproduce: settings.reproduce ?? builds.reproduce,",
    replace: "reproduce: builds.reproduce,",
    breaks: "a package is built once whose settings say twice",
    killedBy: [
      "server/api/rebuild_settings_test.ts: whether a package is built twice is its own setting, or else the configured one",
    ],
  },
  {
    file: "building/watch/adding.ts",
    find: "JSON.stringify(known.source) !== JSON.stringify(source)",
    replace: "false",
    breaks: "a repository takes the place of a package of the AUR",
    killedBy: REPOSITORIES,
  },
  {
    file: "building/looks/looks.ts",
    find: "if (leased?.builder === builder && leased",
    replace: "if (leased !== undefined && leased",
    breaks: "a builder says what another one has seen",
    killedBy: [
      "building/looks/looks_test.ts: a builder can report only on its own looks, and once on each",
    ],
  },
  {
    file: "building/looks/look.ts",
    find: "return URL.test(url) && ",
    replace: "return ",
    breaks: "a package has builders ask what is none of its business",
    killedBy: [
      "building/looks/looks_test.ts: only public git repositories are looked at, each reference once",
    ],
  },
  {
    file: "building/looks/followed_repositories.ts",
    find: "known !== now[keyOf(each)]",
    replace: "true",
    breaks: "a package is built each day",
    killedBy: [
      "building/looks/looks_test.ts: a source that has moved causes a build of the accepted files, and one that has not causes none",
    ],
  },
  {
    file: "building/rebuilds/rebuild_plan.ts",
    find: "!tried.includes(idOf(each))",
    replace: "true",
    breaks: "a package is built again and again for a library that it cannot have",
    killedBy: [
      "building/rebuilds/library_rebuilds_test.ts: a rebuild that does not help is held with the reason, and not repeated",
    ],
  },
  {
    file: "building/rebuilds/rebuild_plan.ts",
    find: "isOutrun(publication) ? libraries : []",
    replace: "libraries",
    breaks: "a package that brings its library is built again",
    killedBy: [
      "building/rebuilds/library_rebuilds_test.ts: a package is not rebuilt if its library was missing before, or is gone altogether",
    ],
  },
  {
    file: "building/rebuilds/rebuild_plan.ts",
    find: "each.present.length > 0 &&",
    replace: "",
    breaks: "a package is built again while its library moves to another repository",
    killedBy: [
      "building/rebuilds/library_rebuilds_test.ts: a library that moves to another repository causes no rebuild",
    ],
  },
  {
    file: "server/api/builder.ts",
    find: "if (length > MAX_LOG_PART_BYTES) {",
    replace: "if (false) {",
    breaks: "a builder makes the daemon hold what it wants in memory",
    killedBy: [
      "server/api/builder_test.ts: a flood of output is cut off at the limit, and an oversized part is refused",
    ],
  },
  {
    file: "building/decisions/approvals.ts",
    find: "...[watched.settings, proposed].map",
    replace: "...[watched.settings].map",
    breaks: "an approval of settings stays when they change",
    killedBy: SETTINGS,
  },
  {
    file: "building/decisions/decision.ts",
    find: "if (patchFaults.has(treeHash)) return false;",
    replace: "",
    breaks: "a version to which the patches of the package do not fit passes by itself",
    killedBy: ["building/decisions/decision_test.ts"],
  },
  {
    file: "building/decisions/decisions.ts",
    find: "for (const member of approval.members) await this.#checkPatches(member);",
    replace: "",
    breaks: "patches that do not fit are approved",
    killedBy: SETTINGS,
  },
  {
    file: "building/enqueue_accepted.ts",
    find: "areSameSettings(latest.settings, build.settings)",
    replace: "true",
    breaks: "approved settings build nothing",
    killedBy: [
      "cli/aur_test.ts: aur settings proposes settings, which are shown as before and after, and approved",
    ],
  },
  {
    file: "building/build_settings.ts",
    find: "if (LOADED.test(name))",
    replace: "if (false)",
    breaks: "a variable that makepkg loads may be set",
    killedBy: SETTINGS,
  },
  {
    file: "building/notify/notices.ts",
    find: "notice.isUrgent || attempts > 0",
    replace: "attempts > 0",
    breaks: "a first build waits for the digest",
    killedBy: [
      "building/notify/notices_test.ts: an urgent notice is sent at once, and does not delay the daily digest",
    ],
  },
  {
    file: "formats/pkgbuild/syntax.ts",
    find: "> MAX_WORDS",
    replace: "> Infinity",
    breaks: "a PKGBUILD of any number of words is parsed",
    killedBy: ["formats/pkgbuild/syntax_test.ts"],
  },
  {
    file: "building/review/version_text.ts",
    find: "if (!/^[A-Za-z0-9]/.test(text)) return",
    replace: "if (false) return",
    breaks: "a version that begins with a separator passes as a higher one",
    killedBy: ["building/review/version_text_test.ts"],
  },
];
