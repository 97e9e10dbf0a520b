import { bytesText } from "../../config/quantities.ts";
import { useVisit } from "../visit_context.ts";
import { lengthText, relativeText } from "./relative_text.ts";

/** How long ago something was, with the exact time as a tooltip. `none` replaces null. */
export function Time({ at, none = "never" }: { at: string | number | null; none?: string }) {
  const { now } = useVisit();
  if (at === null) return <span class="quiet">{none}</span>;
  const date = new Date(at);
  // Dates from mirrors may be invalid.
  if (Number.isNaN(date.getTime())) return <span class="quiet">{at}</span>;
  return (
    <time dateTime={date.toISOString()} title={exactText(date)} data-relative>
      {relativeText(date.getTime(), now)}
    </time>
  );
}

/** How long ago an event was, with the time of day. */
export function Moment({ at }: { at: string }) {
  const { now } = useVisit();
  return (
    <>
      <Time at={at} />
      <span class="directory number">{clockText(new Date(at), new Date(now))}</span>
    </>
  );
}

/** `12:04:05 UTC` today, `26 Nov, 12:04 UTC` this year, or `2025-11-26, 12:04 UTC`. */
function clockText(date: Date, now: Date): string {
  const [text, today] = [date.toISOString(), now.toISOString()];
  if (text.slice(0, 10) === today.slice(0, 10)) return `${text.slice(11, 19)} UTC`;
  const day = text.slice(0, 4) === today.slice(0, 4) ? dayText(text) : text.slice(0, 10);
  return `${day}, ${text.slice(11, 16)} UTC`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The day of an ISO 8601 time, as `26 Nov`. */
export function dayText(iso: string): string {
  return `${Number(iso.slice(8, 10))} ${monthName(iso)}`;
}

/** The month of an ISO 8601 time, as `Nov`. */
export function monthName(iso: string): string {
  return MONTHS[Number(iso.slice(5, 7)) - 1] ?? "";
}

/** `2026-11-29 12:04:05 UTC` */
function exactText(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A length of time. */
export function Duration({ ms }: { ms: number | null }) {
  if (ms === null) return <None />;
  return <span class="number">{ms < 1000 ? `${Math.round(ms)} ms` : lengthText(ms)}</span>;
}

/** Bytes in the largest fitting unit, with the exact number as a tooltip. */
export function Bytes({ bytes, perSecond = false }: { bytes: number | null; perSecond?: boolean }) {
  if (bytes === null) return <None />;
  const unit = perSecond ? "/s" : "";
  return (
    <span class="number" title={`${countText(bytes)} bytes${unit}`}>
      {alignedBytesText(bytes)}
      {unit}
    </span>
  );
}

/** Always one decimal place, so that numbers in a column align. */
function alignedBytesText(bytes: number): string {
  return bytesText(bytes).replace(/^(\d+) (?!B)/, "$1.0 ");
}

/** A number with separated thousands. */
export function Count({ value }: { value: number | null }) {
  return value === null ? <None /> : <span class="number">{countText(value)}</span>;
}

/** `12 345`, with narrow no-break spaces. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** `1 mirror`, `2 mirrors` */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${countText(value)} ${value === 1 ? one : many}`;
}

/** A share from 0 to 1 as a percentage: `42 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  // Never round up to 100 % or down to 0 %.
  return `${
    percent > 0 && percent < 10 || percent > 90 && percent < 100
      ? (Math.min(99.9, Math.max(0.1, percent))).toFixed(1)
      : Math.round(percent)
  } %`;
}

/** Stands for an unknown or inapplicable value. */
export function None() {
  return <span class="quiet" aria-label="none">–</span>;
}
