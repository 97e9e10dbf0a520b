const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
  .concat("Jul", "Aug", "Sep", "Oct", "Nov", "Dec");
const MONTH = `(${MONTHS.join("|")})`;
const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";

/** Sun, 06 Nov 1994 08:49:37 GMT */
const IMF_FIXDATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`,
);
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC850_DATE = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`,
);
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME_DATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`,
);

/** Formats a date in the preferred form of HTTP, IMF-fixdate (RFC 9110 section 5.6.7). */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}

/**
 * Reads an HTTP date in any of its three forms (RFC 9110 section 5.6.7); returns null for any other
 * text. The name of the weekday is not compared with the date.
 *
 * @param currentYear decides the century of a two-digit year: the latest one that puts the year at
 * most 50 years after it.
 */
export function parseHttpDate(text: string, currentYear = 2026): Date | null {
  let match = IMF_FIXDATE.exec(text);
  if (match !== null) {
    const [, day, month, year, ...time] = match;
    return dateOf(Number(year), month, day, time);
  }
  match = RFC850_DATE.exec(text);
  if (match !== null) {
    const [, day, month, shortYear, ...time] = match;
    const latest = currentYear + 50;
    const year = latest - (((latest - Number(shortYear)) % 100) + 100) % 100;
    return dateOf(year, month, day, time);
  }
  match = ASCTIME_DATE.exec(text);
  if (match !== null) {
    const [, month, day, hour, minute, second, year] = match;
    return dateOf(Number(year), month, day, [hour, minute, second]);
  }
  return null;
}

function dateOf(
  year: number,
  month: string | undefined,
  day: string | undefined,
  time: readonly (string | undefined)[],
): Date | null {
  const [hour = NaN, minute = NaN, second = NaN] = time.map(Number);
  // Second 60 is a leap second, which counts as the first second of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return null;
  const monthIndex = MONTHS.indexOf(month ?? "");
  const date = new Date(0);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, monthIndex, Number(day));
  // A day that the month does not have, such as 30 February, ends up in another month.
  if (date.getUTCMonth() !== monthIndex) return null;
  date.setUTCHours(hour, minute, second);
  return date;
}
