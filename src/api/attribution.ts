import { z } from "zod";
import { TIMESTAMP } from "./scalars.ts";

/** Who did something, when and why. */
export const ATTRIBUTION = z.object({
  by: z.string().describe("administrator, or the name of a token or rule."),
  at: TIMESTAMP.describe("When."),
  reason: z.string().describe("Why."),
});
