/** Escapes text so that roff prints it as it is. */
export function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll(/^([.'])/gm, "\\&$1");
}

/** A term in bold with its indented description. */
export function tagged(term: string, ...paragraphs: readonly string[]): string[] {
  return [".TP", `.B ${quote(term)}`, ...paragraphs.map(roff)];
}

/** The heading of a section. */
export function section(title: string): string {
  return `.SH ${quote(title)}`;
}

/** An indented block without filling, for commands and examples. */
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
