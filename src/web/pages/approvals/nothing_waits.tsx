import type { CheckReport } from "../../../api/aur.ts";
import { Empty, Notice } from "../../elements/messages.tsx";
import { counted, Time } from "../../elements/quantities.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";

/** Why nothing waits, and whether the last check succeeded. */
export function NothingWaits(
  { watched, cooling, lastCheck }: {
    watched: number;
    cooling: number;
    lastCheck: CheckReport | null;
  },
) {
  if (watched === 0) {
    return (
      <Empty title="No AUR packages are watched yet.">
        <p>
          Add one with{" "}
          <code>pkgstash aur add NAME</code>. Its first build waits here for approval, as does every
          later change beyond versions and checksums.
        </p>
      </Empty>
    );
  }
  return (
    <>
      {lastCheck?.failure == null
        ? null
        : (
          <Notice tone="warn" title="The last check for changes failed">
            <p>
              <Foreign text={lastCheck.failure} />{" "}
              It is retried. Until then, there may be changes that are not listed here.
            </p>
          </Notice>
        )}
      <p class="lead">
        {counted(watched, "package is", "packages are")} watched
        {lastCheck === null ? ", not checked yet since the daemon started." : (
          <>
            , checked <Time at={lastCheck.at} />.
          </>
        )}
        {cooling === 0
          ? null
          : ` ${counted(cooling, "change passes", "changes pass")} after a cool-down.`}
      </p>
    </>
  );
}
