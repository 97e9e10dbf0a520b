import type { EffectiveSetting } from "../../config/effective_settings.ts";
import { TOKEN_VARIABLE } from "../../config/schema.ts";

/** A configuration as a valid TOML file, in which a comment tells the origin of every key. */
export function settingLines({ file, token, madeToken = null, settings }: {
  /** The configuration file; null if there is none. */
  readonly file: string | null;
  /** Where the token comes from; null if none is set. */
  readonly token: string | null;
  /** The file of the token that `serve --make-token` takes if none is set; null if there is none. */
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
