import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { TIMESTAMP } from "./scalars.ts";

const NAME = z.string();

const HELD_AT = z.string().nullable().describe(
  "The view in its Server line; null for the current state.",
);

const CLIENT_CONFIG = z.object({
  url: z.string().describe("The base URL of this server, as clients reach it."),
  upstreams: z.array(
    z.object({
      name: z.string().describe("The upstream's name in the configuration."),
      repositories: z.array(NAME).describe("The values of $repo."),
      architectures: z.array(NAME).describe("The values of $arch."),
      server: z.string().describe("The Server line for a mirrorlist."),
      held_at: HELD_AT,
      cache_server: z.string().describe(
        "The CacheServer line that fetches missing packages, like the Server line.",
      ),
      flat_cache_server: z.string().describe(
        "The CacheServer line that serves cached packages of this upstream only.",
      ),
    }).describe("A distribution."),
  ).describe("The upstreams, in the order of the configuration."),
  own_repositories: z.array(
    z.object({
      name: z.string().describe("The name of its section in pacman.conf."),
      architectures: z.array(NAME).describe("The values of $arch."),
      server: z.string().describe("Its Server line."),
      held_at: HELD_AT,
      sig_level: z.string().describe("Its SigLevel line."),
      signing: z.enum(["required", "external", "none"]).describe(
        "Whether and by whom it is signed: this server, someone else, or nobody.",
      ),
      keys_url: z.string().nullable().describe(
        "Where its public keys are, for pacman-key --add; null if it is not signed.",
      ),
    }).describe("A repository of your own."),
  ).describe("The repositories of your own, by name."),
  keys: z.array(
    z.object({
      fingerprint: z.string().describe("The fingerprint, for pacman-key --lsign-key."),
      signs_from: TIMESTAMP.nullable().describe(
        "When it begins to sign; null for someone else's key.",
      ),
    }),
  ).describe("The keys that clients of signed repositories must trust; none if there are none."),
  flat_cache_server: z.string().describe(
    "The CacheServer line that serves cached packages whose names are unique across all upstreams.",
  ),
}).describe("Lines for the pacman configuration of clients.");

export type ClientConfig = z.infer<typeof CLIENT_CONFIG>;

export const SHOW_CLIENT_CONFIG = endpoint({
  method: "GET",
  path: "/api/v1/client-config",
  // Everybody who may use the mirror may know how.
  right: "anyone",
  summary: "Show the pacman configuration for clients",
  query: {
    date: z.string().optional().describe(
      "The view to hold clients at: a day such as 2026-11-20, or a time such as 2026-11-20T12:00Z.",
    ),
  },
  answers: { 200: CLIENT_CONFIG },
});
