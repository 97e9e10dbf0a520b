import type { Attribution } from "../../building/accepted_build.ts";
import { timestamp } from "./timestamp.ts";

/** Who did something, when and why, in the API's form. */
export function attributionReport({ by, at, reason }: Attribution) {
  return { by, at: timestamp(at), reason };
}
