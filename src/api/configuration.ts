import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { TIMESTAMP } from "./scalars.ts";

const SETTING = z.object({
  table: z.string().describe('Its table in the file, such as aur; "" for the top level.'),
  name: z.string().describe("The key."),
  value: z.string().describe("The value in force as TOML, without credentials."),
  origin: z.string().describe(
    "Where the value comes from: default, file, environment, the name of an env_file, ...",
  ),
  description: z.string().describe("What the key is for."),
  needs_restart: z.boolean().describe("Whether a change takes effect only at the next start."),
}).describe("A key of the configuration.");

const CONFIGURATION = z.object({
  file: z.string().nullable().describe("The configuration file; null if there is none."),
  read_at: TIMESTAMP.describe("When the configuration in force was read."),
  failure: z.string().nullable().describe(
    "Why the present configuration is not in force; null if the last reload succeeded.",
  ),
  token: z.string().nullable().describe(
    "Where the administrator's token comes from; null if none is set.",
  ),
  settings: z.array(SETTING).describe("Every key, in the order of the file."),
}).describe("The configuration in force, without secrets.");

export type SettingReport = z.infer<typeof SETTING>;
export type ConfigurationReport = z.infer<typeof CONFIGURATION>;

export const SHOW_CONFIGURATION = endpoint({
  method: "GET",
  path: "/api/v1/configuration",
  summary: "Show the configuration in force",
  answers: { 200: CONFIGURATION },
});
