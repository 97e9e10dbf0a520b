/** Where the files of a package may be. */
const USUAL = /^(?:usr|etc|opt|var|srv|boot)\//;
/** Below those, what belongs to users, to the administrator, or to nobody for long. */
const NOT_OF_PACKAGES = /^(?:usr\/local|var\/tmp|etc\/(?:passwd|shadow|group|gshadow)$)/;

/** Files that make something run, or let someone do something, that nobody has started. */
const SENSITIVE: readonly (readonly [RegExp, string])[] = [
  [/^etc\/sudoers|^usr\/share\/polkit-1\/rules\.d\/|^etc\/polkit-1\//, "gives rights"],
  [/^(?:etc|usr\/lib)\/(?:pam\.d|security)\//, "takes part in every login"],
  [/^etc\/ssh\/|(?:^|\/)\.ssh\/|authorized_keys/, "lets someone log in"],
  [/^etc\/(?:profile|profile\.d\/|bash\.bashrc|zsh\/|environment)/, "runs in every shell"],
  [/^etc\/ld\.so\./, "is loaded into every program"],
  [
    /^(?:etc\/pacman\.d\/hooks|usr\/share\/libalpm\/(?:hooks|scripts))\//,
    "runs as root at upgrades",
  ],
  [/^etc\/pacman\./, "changes what pacman trusts"],
  [/^etc\/(?:cron|anacron)/, "runs at set times"],
  [/\.(?:wants|requires|upholds)\//, "is started by systemd without being enabled"],
  [
    /^(?:etc|usr\/lib)\/systemd\/(?:system|user)-(?:generators|preset|shutdown|sleep)\//,
    "is run by systemd",
  ],
  [
    /^(?:etc|usr\/lib)\/(?:udev\/rules\.d|modules-load\.d|binfmt\.d)\//,
    "runs with devices or programs",
  ],
  [/^etc\/xdg\/autostart\//, "runs at every login"],
];

/** Why a person should know of a file at `path` in a package; null if there is no reason. */
export function sensitivityOf(path: string): string | null {
  if (path.endsWith("/")) return null;
  if (!USUAL.test(path) || NOT_OF_PACKAGES.test(path)) {
    return "is where packages do not put files";
  }
  return SENSITIVE.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}
