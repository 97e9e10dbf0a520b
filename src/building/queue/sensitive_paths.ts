/** Directories where packages install files. */
const USUAL = /^(?:usr|etc|opt|var|srv|boot)\//;
/** Directories below them that belong to users, to the administrator, or are temporary. */
const NOT_OF_PACKAGES = /^(?:usr\/local|var\/tmp|etc\/(?:passwd|shadow|group|gshadow)$)/;

/** Files that make something run unasked, or grant rights. */
const SENSITIVE: readonly (readonly [RegExp, string])[] = [
  [/^etc\/sudoers|^usr\/share\/polkit-1\/rules\.d\/|^etc\/polkit-1\//, "grants privileges"],
  [/^(?:etc|usr\/lib)\/(?:pam\.d|security)\//, "takes part in every login"],
  [/^etc\/ssh\/|(?:^|\/)\.ssh\/|authorized_keys/, "lets somebody log in"],
  [/^etc\/(?:profile|profile\.d\/|bash\.bashrc|zsh\/|environment)/, "runs in every shell"],
  [/^etc\/ld\.so\./, "is loaded into every program"],
  [
    /^(?:etc\/pacman\.d\/hooks|usr\/share\/libalpm\/(?:hooks|scripts))\//,
    "runs as root at upgrades",
  ],
  [/^etc\/pacman\./, "changes what pacman trusts"],
  [/^etc\/(?:cron|anacron)/, "runs on a schedule"],
  [/\.(?:wants|requires|upholds)\//, "is started by systemd without being enabled"],
  [
    /^(?:etc|usr\/lib)\/systemd\/(?:system|user)-(?:generators|preset|shutdown|sleep)\//,
    "is run by systemd",
  ],
  [
    /^(?:etc|usr\/lib)\/(?:udev\/rules\.d|modules-load\.d|binfmt\.d)\//,
    "runs when devices appear or programs start",
  ],
  [/^etc\/xdg\/autostart\//, "runs at every login"],
];

/** Why a file at `path` in a package needs a person; null if it does not. */
export function sensitivityOf(path: string): string | null {
  if (path.endsWith("/")) return null;
  if (!USUAL.test(path) || NOT_OF_PACKAGES.test(path)) {
    return "is in a place where packages do not install files";
  }
  return SENSITIVE.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}
