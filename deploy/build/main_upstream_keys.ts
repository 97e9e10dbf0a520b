import { type ConfigKey, MAIN_UPSTREAM, UPSTREAM_KEYS } from "../../src/config/schema.ts";

/** The keys of the main upstream, which stand at the top level, with its defaults. */
export function mainUpstreamKeys(): ConfigKey<unknown>[] {
  const { mirrorUrls, repositories, clientPath, ...others } = UPSTREAM_KEYS;
  const { architectures, upstreamLayout, ...further } = others;
  return [
    { ...mirrorUrls, defaultValue: MAIN_UPSTREAM.mirrorUrls },
    { ...repositories, defaultValue: MAIN_UPSTREAM.repositories },
    architectures,
    upstreamLayout,
    {
      ...clientPath,
      defaultValue: upstreamLayout.defaultValue,
      description: "Path of a repository on this server; by default the same as upstream_layout.",
    },
    ...Object.values(further),
  ];
}
