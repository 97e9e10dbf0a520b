import type { EffectiveSetting } from "../../config/effective_settings.ts";
import { TOKEN_VARIABLE } from "../../config/schema.ts";

/** A configuration as the lines of a valid TOML file, with the origin of each key as a comment. */
export function settingLines({ file, token, madeToken = null, settings }: {
  /** The configuration file; null if there is none. */
  readonly file: string | null;
  /** The token's origin; null if none is set. */
  readonly token: string | null;
  /** The token file that `serve --make-token` uses if no token is set; null if there is none. */
  readonly madeToken?: string | null;
  readonly settings: readonly Pick<EffectiveSetting, "table" | "name" | "value" | "origin">[];
}): string[] {
  let current = "";
  return [
    `# Configuration file: ${file ?? "none"}`,
    `# ${TOKEN_VARIABLE.name} is ${token === null ? notSet(madeToken) : `set, from: ${token}`}`,
    ...settings.flatMap(({ table, name, value, origin }) => {
      const head = table === current ? [] : ["", `[${table}]`];
      current = table;
      return [...head, `${name} = ${value} # ${origin}`];
    }),
  ];
}

function notSet(madeToken: string | null): string {
  return madeToken === null ? "not set" : `not set; serve --make-token uses ${madeToken}`;
}
