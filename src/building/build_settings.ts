import { createHash } from "node:crypto";

/** How a package is built: what an administrator has approved besides its files. */
export interface BuildSettings {
  /** Whether build() and check() have network access. */
  readonly network: boolean;
  /** Whether check() runs. */
  readonly check: boolean;
  /** Whether ccache keeps compiled objects for the next build of the package. */
  readonly ccache: boolean;
  /** Whether sccache does the same for Rust. */
  readonly sccache: boolean;
  /** Lines to add to makepkg.conf. */
  readonly makepkgConf: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Further packages to install into the root. */
  readonly packages: readonly string[];
  /** Null for the configured limit, as for the other limits. */
  readonly timeoutMs: number | null;
  readonly memoryBytes: number | null;
  readonly diskBytes: number | null;
  /** Whether to build twice and compare; null for the configured default. */
  readonly reproduce: boolean | null;
  /** Unified diffs to apply to the approved files, in this order. */
  readonly patches: readonly string[];
}

/** The default settings of a package. */
export const USUAL_SETTINGS: BuildSettings = {
  network: false,
  check: true,
  ccache: false,
  sccache: false,
  makepkgConf: "",
  environment: {},
  packages: [],
  timeoutMs: null,
  memoryBytes: null,
  diskBytes: null,
  reproduce: null,
  patches: [],
};

const MAX_TEXT = 16 * 1024;
const MAX_VALUE = 4096;
const MOST_VARIABLES = 64;
const MOST_PACKAGES = 64;
const MOST_PATCHES = 20;
const MAX_PATCH = 256 * 1024;
const LEAST_TIMEOUT_MS = 60_000;
const LEAST_BYTES = 64 * 1024 ** 2;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const PACKAGE = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,127}$/;

/** Variables that the builder sets, because the daemon relies on them. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  ...["PKGDEST", "SRCDEST", "SRCPKGDEST", "LOGDEST", "BUILDDIR", "PKGEXT", "SRCEXT", "GPGKEY"],
  ...["PACKAGER", "CARCH", "CHOST", "SOURCE_DATE_EPOCH", "HOME", "PATH", "GNUPGHOME", "BUILDENV"],
  ...["USER", "LOGNAME", "SHELL", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"],
  ...["CCACHE_DIR", "SCCACHE_DIR", "RUSTC_WRAPPER"],
]);
/** Variables that make programs load or run something at startup: it would run in makepkg itself. */
const LOADED = new RegExp(
  "^(?:LD_|BASH|GLIBC_TUNABLES|FAKEROOT|FAKED_|FAKECHROOT|PERL5OPT|" +
    "(?:ENV|SHELLOPTS|IFS|PS4|PROMPT_COMMAND|GCONV_PATH|LOCPATH|NLSPATH|CDPATH|GLOBIGNORE)$)",
);
/** An assignment in a line of makepkg.conf, which is bash. */
const ASSIGNMENT = /^\s*(?:export\s+|declare\s+(?:-\w+\s+)?)?([A-Za-z_][A-Za-z0-9_]*)\+?=/gm;
const CONTROLS = /[\p{Cc}\p{Cf}]/u;
const CONTROLS_OF_TEXT = /[^\P{Cc}\n\t]|\p{Cf}/u;

/** The faults of settings, a clause each; empty if they may be approved. */
export function settingsFaults(settings: BuildSettings): string[] {
  const { makepkgConf, environment, packages, patches } = settings;
  return [
    ...confFaults(makepkgConf),
    ...tooMany("variables", Object.keys(environment), MOST_VARIABLES),
    ...Object.entries(environment).flatMap(([name, value]) => variableFaults(name, value)),
    ...tooMany("packages", packages, MOST_PACKAGES),
    ...packages.filter((name) => !PACKAGE.test(name))
      .map((name) => `${JSON.stringify(name)} is not a valid package name`),
    ...patchFaults(patches),
    ...tooSmall("the timeout", settings.timeoutMs, LEAST_TIMEOUT_MS, "a minute"),
    ...tooSmall("the memory", settings.memoryBytes, LEAST_BYTES, "64 MiB"),
    ...tooSmall("the disk space", settings.diskBytes, LEAST_BYTES, "64 MiB"),
  ];
}

/** Whether two settings are equivalent. */
export function areSameSettings(one: BuildSettings, other: BuildSettings): boolean {
  return settingsHash(one) === settingsHash(other);
}

/** Identifies settings in an approval, in lower-case hexadecimal. */
export function settingsHash(settings: BuildSettings): string {
  // Settings on disk may be older than some of their keys.
  const { environment, ...rest } = { ...USUAL_SETTINGS, ...settings };
  const sorted = (values: object) =>
    Object.entries(values).sort(([one], [other]) => one < other ? -1 : 1);
  return createHash("sha256").update(JSON.stringify([sorted(rest), sorted(environment)]))
    .digest("hex");
}

function confFaults(text: string): string[] {
  if (text.length > MAX_TEXT) {
    return [`the lines for makepkg.conf are longer than ${MAX_TEXT} characters`];
  }
  if (CONTROLS_OF_TEXT.test(text)) return ["the lines for makepkg.conf contain control characters"];
  return [...new Set([...text.matchAll(ASSIGNMENT)].map(([, name = ""]) => name))]
    .filter((name) => OWN_VARIABLES.has(name) && name !== "BUILDENV")
    .map((name) => `the lines for makepkg.conf set ${name}, which the builder sets`);
}

function variableFaults(name: string, value: string): string[] {
  if (!VARIABLE.test(name)) return [`${JSON.stringify(name)} is not a valid name of a variable`];
  if (OWN_VARIABLES.has(name)) return [`the builder sets the variable ${name}`];
  if (LOADED.test(name)) return [`the variable ${name} would run code in makepkg itself`];
  if (value.length > MAX_VALUE) {
    return [`the variable ${name} is longer than ${MAX_VALUE} characters`];
  }
  if (CONTROLS.test(value)) return [`the variable ${name} contains control characters`];
  return [];
}

function patchFaults(patches: readonly string[]): string[] {
  const most = tooMany("patches", patches, MOST_PATCHES);
  return most.length > 0
    ? most
    : patches.flatMap((text, index) =>
      text.length > MAX_PATCH ? [`patch ${index + 1} is longer than ${MAX_PATCH} characters`] : []
    );
}

function tooMany(what: string, values: readonly unknown[], most: number): string[] {
  return values.length > most ? [`there are more than ${most} ${what}`] : [];
}

function tooSmall(what: string, value: number | null, least: number, inWords: string): string[] {
  return value !== null && value < least ? [`${what} is less than ${inWords}`] : [];
}
