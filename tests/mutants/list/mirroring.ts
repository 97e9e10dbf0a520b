import type { Mutant } from "../mutant.ts";

/** Fetching, verifying, keeping and removing. */
export const MIRRORING: readonly Mutant[] = [];
