/** Repositories of a preset that share a layout. */
export interface PresetGroup {
  /** Appended to the name of the upstream; "" for the first group. */
  readonly suffix: string;
  readonly repositories: readonly string[];
  readonly architectures: readonly string[];
  readonly upstreamLayout: string;
}

/** A distribution: its public mirrors, and one upstream per layout. */
export interface Preset {
  /** Roots of the mirrors, to which `upstreamLayout` is appended. */
  readonly mirrorUrls: readonly string[];
  readonly groups: readonly PresetGroup[];
  /** Hosts to which the mirrors redirect over plain HTTP. */
  readonly redirectHosts?: readonly string[];
}

/**
 * Presets by the name of the distribution. Source: the distributions' own mirrorlist packages and
 * pacman.conf files.
 */
export const PRESETS: Readonly<Record<string, Preset>> = {
  "archlinuxarm": {
    mirrorUrls: [
      "http://mirror.archlinuxarm.org/",
      "https://de3.mirror.archlinuxarm.org/",
      "https://mirrors.tuna.tsinghua.edu.cn/archlinuxarm/",
    ],
    groups: [{
      suffix: "",
      repositories: ["core", "extra", "alarm", "aur"],
      architectures: ["aarch64", "armv7h"],
      upstreamLayout: "$arch/$repo",
    }],
    // mirror.archlinuxarm.org sends each client to a mirror nearby.
    redirectHosts: ["*.mirror.archlinuxarm.org"],
  },
  "cachyos": {
    mirrorUrls: [
      "https://cdn77.cachyos.org/repo/",
      "https://mirror.cachyos.org/repo/",
      "https://mirrors.ustc.edu.cn/cachyos/repo/",
    ],
    // pacman replaces "$arch" as plain text, so "$arch_v3" becomes "x86_64_v3".
    groups: [
      {
        suffix: "",
        repositories: ["cachyos"],
        architectures: ["x86_64"],
        upstreamLayout: "$arch/$repo",
      },
      {
        suffix: "-v3",
        repositories: ["cachyos-v3", "cachyos-core-v3", "cachyos-extra-v3"],
        architectures: ["x86_64"],
        upstreamLayout: "$arch_v3/$repo",
      },
      {
        suffix: "-v4",
        repositories: [
          "cachyos-v4",
          "cachyos-core-v4",
          "cachyos-extra-v4",
          "cachyos-znver4",
          "cachyos-core-znver4",
          "cachyos-extra-znver4",
        ],
        architectures: ["x86_64"],
        upstreamLayout: "$arch_v4/$repo",
      },
    ],
  },
  "chaotic-aur": {
    mirrorUrls: ["https://cdn-mirror.chaotic.cx/", "https://geo-mirror.chaotic.cx/"],
    groups: [{
      suffix: "",
      repositories: ["chaotic-aur"],
      architectures: ["x86_64"],
      upstreamLayout: "$repo/$arch",
    }],
  },
  "endeavouros": {
    mirrorUrls: [
      "https://mirror.alpix.eu/endeavouros/",
      "https://mirror.moson.org/endeavouros/",
      "https://mirrors.tuna.tsinghua.edu.cn/endeavouros/",
    ],
    groups: [{
      suffix: "",
      repositories: ["endeavouros"],
      architectures: ["x86_64"],
      upstreamLayout: "repo/$repo/$arch",
    }],
  },
  "manjaro": {
    mirrorUrls: [
      "https://mirrors.manjaro.org/repo/",
      "https://mirrors2.manjaro.org/",
      "https://mirror.alpix.eu/manjaro/",
    ],
    groups: [{
      suffix: "",
      repositories: ["core", "extra", "multilib"],
      architectures: ["x86_64"],
      upstreamLayout: "stable/$repo/$arch",
    }],
  },
};
