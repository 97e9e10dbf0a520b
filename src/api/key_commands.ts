import type { ClientConfig } from "./client_config.ts";

/** What root runs once on a client, so that pacman takes the packages of own repositories. */
export interface KeyCommands {
  /** Download the keys and add them. */
  readonly add: readonly string[];
  /** Say that they are trusted, each by its fingerprint. */
  readonly trust: readonly string[];
}

/** The commands for one repository of one's own, or for all of them; none where nothing is signed. */
export function keyCommands(
  { own_repositories, keys }: Pick<ClientConfig, "own_repositories" | "keys">,
  repository?: string,
): KeyCommands {
  const meant = own_repositories.filter(({ name }) =>
    repository === undefined || name === repository
  );
  // All that are signed by the same have the same keys.
  const urls = ["required", "external"].flatMap((wanted) =>
    meant.find(({ signing }) => signing === wanted)?.keys_url ?? []
  );
  return {
    add: urls.map((url) => `curl -fsS ${url} | pacman-key --add -`),
    trust: urls.length === 0
      ? []
      : keys.map(({ fingerprint }) => `pacman-key --lsign-key ${fingerprint}`),
  };
}
