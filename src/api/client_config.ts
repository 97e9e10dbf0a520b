import { z } from "zod";
import { endpoint } from "./endpoint.ts";

const NAME = z.string();

const CLIENT_CONFIG = z.object({
  url: z.string().describe("The base URL of this server, as clients reach it."),
  upstreams: z.array(
    z.object({
      name: z.string().describe("The upstream's name in the configuration."),
      repositories: z.array(NAME).describe("The values of $repo."),
      architectures: z.array(NAME).describe("The values of $arch."),
      server: z.string().describe("The Server line for a mirrorlist."),
      cache_server: z.string().describe(
        "The CacheServer line that fetches missing packages, like the Server line.",
      ),
      flat_cache_server: z.string().describe(
        "The CacheServer line that serves cached packages of this upstream only.",
      ),
    }).describe("A distribution."),
  ).describe("The upstreams, in the order of the configuration."),
  flat_cache_server: z.string().describe(
    "The CacheServer line that serves cached packages whose name means one file in all upstreams.",
  ),
}).describe("Lines for the pacman configuration of clients.");

export type ClientConfig = z.infer<typeof CLIENT_CONFIG>;

export const SHOW_CLIENT_CONFIG = endpoint({
  method: "GET",
  path: "/api/v1/client-config",
  summary: "Show the pacman configuration for clients",
  answers: { 200: CLIENT_CONFIG },
});
