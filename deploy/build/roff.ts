/** Text as roff prints it: its own signs are escaped. */
export function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll(/^([.'])/gm, "\\&$1");
}

/** A paragraph with a term that stands out. */
export function tagged(term: string, ...paragraphs: readonly string[]): string[] {
  return [".TP", `.B ${quote(term)}`, ...paragraphs.map(roff)];
}

/** A section's heading. */
export function section(title: string): string {
  return `.SH ${quote(title)}`;
}

/** Lines that are shown as they are. */
export function literal(lines: readonly string[]): string[] {
  return [".PP", ".in +4n", ".nf", ...lines.map(roff), ".fi", ".in"];
}

/** The first line of a manual page. */
export function title(name: string, part: number, version: string): string {
  return `.TH ${quote(name)} ${part} "" ${quote(`pkgstash ${version}`)} "pkgstash manual"`;
}

function quote(text: string): string {
  return `"${roff(text).replaceAll('"', "\\(dq")}"`;
}
