import { list, object, text, type TypeOf } from "./schema.ts";

/** `GET /api/v1/client-config`. */
export const CLIENT_CONFIG = object({
  url: text("where clients find this server"),
  upstreams: list(
    object({
      name: text("its name in the configuration"),
      repositories: list(text("name"), "the values of $repo"),
      architectures: list(text("name"), "the values of $arch"),
      server: text("the line for a mirrorlist"),
      cache_server: text("the line for a CacheServer that behaves like the mirror"),
    }, "One distribution."),
    "in the order of the configuration",
  ),
  flat_cache_server: text("the line for a CacheServer that gives only what is cached already"),
}, "What to write into the configuration of pacman.");

export type ClientConfig = TypeOf<typeof CLIENT_CONFIG>;
