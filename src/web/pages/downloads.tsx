import {
  type DownloadReport,
  type FinishedDownloadReport,
  LIST_DOWNLOADS,
  LIST_FINISHED_DOWNLOADS,
} from "../../api/downloads.ts";
import { bytesText } from "../../config/quantities.ts";
import { Part } from "../elements/facts.tsx";
import { Live } from "../elements/live.tsx";
import { Empty } from "../elements/messages.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import { FinishedTable } from "./downloads/finished_table.tsx";
import { DownloadsNow } from "./overview/downloads_now.tsx";

/** Transfers in progress, and the last finished ones. */
export const DOWNLOADS: Page = {
  path: "downloads",
  title: "Downloads",
  section: "Mirror",
  role: "viewer",
  isLive: true,
  render: async ({ call }) => {
    const [{ downloads }, { downloads: finished }] = await Promise.all([
      call(LIST_DOWNLOADS),
      call(LIST_FINISHED_DOWNLOADS),
    ]);
    return {
      ...headingOf(downloads, finished),
      commands: ["pkgstash downloads", "pkgstash downloads --finished"],
      body: (
        <>
          <Part title="Transfers in progress">
            <Live id="downloads">
              <DownloadsNow downloads={downloads} />
            </Live>
          </Part>
          <Part title="Recently finished">
            <Live id="finished">
              {finished.length > 0
                ? <FinishedTable downloads={finished} />
                : (
                  <Empty title="No transfer has finished since the daemon started.">
                    <p>The last twenty are listed here, with their mirrors and failures.</p>
                  </Empty>
                )}
            </Live>
          </Part>
        </>
      ),
    };
  },
};

function headingOf(
  downloads: readonly DownloadReport[],
  finished: readonly FinishedDownloadReport[],
): Pick<Content, "heading" | "tone"> {
  const broken = finished.filter(({ outcome }) => outcome === "failed").length;
  const trouble = broken === 0 ? "" : `, ${broken} of the last ${finished.length} failed`;
  const tone = broken === 0 ? "good" : "warn";
  if (downloads.length === 0) {
    return { heading: `No transfers in progress${trouble}`, tone: broken === 0 ? "calm" : tone };
  }
  const rate = downloads.reduce((sum, { bytes_per_second }) => sum + bytes_per_second, 0);
  const files = counted(downloads.length, "transfer", "transfers");
  return { heading: `${files} at ${bytesText(rate)}/s${trouble}`, tone };
}
