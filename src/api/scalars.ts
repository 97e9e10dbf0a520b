import { z } from "zod";

/** A whole number from 0 on: a count, bytes or milliseconds. */
export const COUNT = z.int().min(0);

/** A point in time, as `Date.prototype.toISOString` writes it. */
export const TIMESTAMP = z.string().meta({ format: "date-time" });
