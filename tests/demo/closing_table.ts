import { bold, dim, green, red } from "@std/fmt/colors";
import type { Receipt } from "./client.ts";
import type { Ledger } from "./ledger.ts";
import { bytesText, timeText } from "./quantities.ts";
import type { Stage } from "./stage.ts";

const WIDTH = 96;

/** The lines of the closing table. Every number in it was measured. */
export function closingTable({ ledger, upstream, slow, frail, story }: Stage): string[] {
  const { direct, uncached, cached } = ledger.firstBytes;
  const directRequests = direct === undefined ? 0 : 1;
  const label = uncached?.file.label ?? "a package";
  const size = bytesText(uncached?.file.bytes.length ?? 0);
  const { servedBytes, receipts, trials, faults } = ledger;
  return [
    "",
    dim("─".repeat(WIDTH)),
    bold("Bytes"),
    row(
      "from the slow mirror",
      bytesText(upstream.slow),
      `${slow.count() - directRequests} requests`,
    ),
    row("from the frail mirror", bytesText(upstream.frail), `${frail.count()} requests`),
    row("from both mirrors", bytesText(upstream.bytes), `${upstream.requests} requests`),
    row(
      "served to clients",
      bytesText(servedBytes),
      `${receipts.length} responses to ${ledger.clients} clients`,
    ),
    row(
      "savings",
      `${(servedBytes / upstream.bytes).toFixed(1)} x`,
      "bytes served for each byte fetched",
    ),
    bold(`First byte of ${label}`) + ` (${size})`,
    firstByteRow("slow mirror, directly", direct),
    firstByteRow("through pkgstash, not cached", uncached),
    firstByteRow("through pkgstash, cached", cached),
    bold("Survived"),
    ...trials.map(({ what, passed }) => `  ${mark(passed)} ${what}`),
    dim("─".repeat(WIDTH)),
    ...faults.map((fault) => red(`  ✗ ${fault}`)),
    verdict(ledger, story.elapsedSeconds),
  ];
}

function row(name: string, value: string, note: string): string {
  return `  ${name.padEnd(30)}${value.padStart(10)}   ${dim(note)}`;
}

function firstByteRow(name: string, receipt: Receipt | undefined): string {
  if (receipt === undefined || receipt.firstByteMs === null) return row(name, "-", "");
  return row(name, timeText(receipt.firstByteMs), `complete in ${timeText(receipt.durationMs)}`);
}

function mark(passed: boolean): string {
  return passed ? green("✓") : red("✗");
}

function verdict({ isClean, compared, faults, trials }: Ledger, seconds: number): string {
  const time = `${seconds.toFixed(1)} s`;
  const failed = trials.filter(({ passed }) => !passed).length;
  return isClean
    ? green(bold("Every byte was right:")) + ` ${compared} files compared by SHA-256, in ${time}.`
    : red(bold("Not everything was right:")) +
      ` ${faults.length} wrong responses, ${failed} trials failed, in ${time}.`;
}
