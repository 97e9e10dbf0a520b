import type { RefreshProgressEvent } from "../api/refresh.ts";
import { bytesText, countText } from "./quantity.ts";
import { visible } from "./visible.ts";

/** An event of a refresh as a line, or null for one that says nothing new. */
export function refreshEventText(event: RefreshProgressEvent): string | null {
  const text = textOf(event);
  return text === null ? null : visible(text);
}

function textOf(event: RefreshProgressEvent): string | null {
  switch (event.event) {
    case "database":
      if (event.status === "started") return null;
      return `database ${event.repository}: ` +
        (event.status === "failed" ? `failed, ${event.reason}` : event.status);
    case "plan": {
      const size = event.bytes === null ? "" : `, ${bytesText(event.bytes)}`;
      return event.files === 0
        ? "prefetch: nothing to do"
        : `prefetch: ${countText(event.files, "package")}${size}`;
    }
    case "prefetch":
      switch (event.status) {
        case "started":
          return null;
        case "fetched":
          return `prefetch ${event.file}: fetched, ${bytesText(event.bytes)}`;
        case "failed":
          return `prefetch ${event.file}: failed, ${event.reason}`;
        case "postponed":
          return `prefetch: the rest is put off, ${event.reason}`;
      }
      return null;
    case "cleanup":
      return event.status === "skipped"
        ? `cleanup: skipped, ${event.reason}`
        : `cleanup: ${countText(event.removed, "file")} removed, ` +
          `${bytesText(event.bytes_freed)} freed`;
    case "done":
      return `done: ${countText(event.databases, "database")}, ` +
        `${countText(event.prefetched, "package")} prefetched`;
    default:
      // The reasons go to the standard error. A newer daemon may have events of other kinds.
      return null;
  }
}
