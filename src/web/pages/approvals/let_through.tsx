import type { EventReport } from "../../../api/events.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Time } from "../../elements/quantities.tsx";
import { sentence } from "./facts.ts";

/** A change accepted by rule. */
export interface Passed {
  readonly at: string;
  readonly base: string;
  readonly version: string;
  readonly reason: string;
}

const MOST = 10;

/** The changes accepted by rule among the latest events. */
export function letThroughIn(events: readonly EventReport[]): Passed[] {
  return events.filter(({ action }) => action === "Accept a package by rule")
    .slice(0, MOST)
    .map(({ at, details }) => ({
      at,
      base: `${details["package"] ?? ""}`,
      version: `${details["version"] ?? ""}`,
      reason: `${details["reason"] ?? ""}`,
    }));
}

/** Changes accepted by rule, each with the reason. */
export function LetThrough({ passed }: { passed: readonly Passed[] }) {
  return (
    <ol class="events">
      {passed.map(({ at, base, version, reason }) => (
        <li key={`${at} ${base}`}>
          <span class="what">
            <Foreign text={`${base} ${version}`} />
          </span>
          <span class="who">
            <Foreign text={sentence(reason)} />
          </span>
          <Time at={at} />
        </li>
      ))}
    </ol>
  );
}
