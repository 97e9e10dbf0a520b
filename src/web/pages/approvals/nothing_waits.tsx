import type { CheckReport } from "../../../api/aur.ts";
import { Empty, Notice } from "../../elements/messages.tsx";
import { counted, Time } from "../../elements/quantities.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";

/** Why nothing waits, and whether that can be trusted. */
export function NothingWaits(
  { watched, cooling, lastCheck }: {
    watched: number;
    cooling: number;
    lastCheck: CheckReport | null;
  },
) {
  if (watched === 0) {
    return (
      <Empty title="No package of the AUR is watched yet.">
        <p>
          Add one with{" "}
          <code>pkgstash aur add NAME</code>. Its first build waits here, and later whatever changed
          more than versions and checksums.
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
              It is tried again; a change may be there that nobody has seen.
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
