// Updates relative times on an open page: "3 min ago" becomes "4 min ago".
{
  const PERIOD_MS = 10_000;

  /** As on the server; see src/web/elements/relative_text.ts. */
  /** @type {[string, number, number][]} */
  const UNITS = [
    ["s", 1, 60],
    ["min", 60, 60],
    ["h", 3600, 48],
    ["days", 86_400, 61],
    ["months", 2_629_800, 24],
    ["years", 31_557_600, Infinity],
  ];
  const DAYS_WITH_HOURS = 7;

  /** @param {number} milliseconds */
  const distanceText = (milliseconds) => {
    const seconds = Math.round(milliseconds / 1000);
    for (const [unit, size, count] of UNITS) {
      const number = Math.floor(seconds / size);
      if (number >= count) continue;
      const hours = Math.floor(seconds % size / 3600);
      const hasHours = unit === "days" && number < DAYS_WITH_HOURS && hours > 0;
      return hasHours ? `${number} ${unit} ${hours} h` : `${number} ${unit}`;
    }
    return "";
  };

  const update = () => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const passed = Date.now() - Date.parse(element.getAttribute("datetime") ?? "");
      const text = Math.abs(passed) < 1000
        ? "now"
        : passed > 0
        ? `${distanceText(passed)} ago`
        : `in ${distanceText(-passed)}`;
      if (element.textContent !== text) element.textContent = text;
    }
  };

  setInterval(() => {
    if (!document.hidden) update();
  }, PERIOD_MS);
  document.addEventListener("visibilitychange", update);
}
