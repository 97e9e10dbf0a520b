import { encodeBase64 } from "@std/encoding/base64";
import type { Fault } from "./value_type.ts";

/** The headers of a credential file, by lower-case name, and the faults of its lines. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
}

/** A header as in a request: its value is separated by a space, and no user name ends in one. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]+([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;
/** The headers that pkgstash or the runtime sets. */
const OWN_HEADER =
  /^(?:accept|accept-.*|connection|content-.*|expect|host|if-.*|keep-alive|proxy-.*|range|te|trailer|transfer-encoding|upgrade|user-agent|via)$/;

/**
 * Reads the credentials for an upstream: either `user:password` for Basic authentication (RFC 7617)
 * or headers, one per line. Empty lines and lines that begin with "#" are skipped. A fault names a
 * line only by its number.
 */
export function parseCredentials(text: string): Credentials {
  const headers: Record<string, string> = {};
  const faults: Fault[] = [];
  for (const [index, raw] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [name, value] = headerOf(line) ?? [];
    const where = `in line ${index + 1}`;
    if (name === undefined || value === undefined) {
      faults.push({ found: `something else ${where}`, expected: "user:password, or Name: value" });
    } else if (OWN_HEADER.test(name)) {
      faults.push({ found: `a header that pkgstash sets ${where}`, expected: "another header" });
    } else if (Object.hasOwn(headers, name)) {
      faults.push({ found: `the same header again ${where}`, expected: "it once" });
    } else headers[name] = value;
  }
  if (Object.keys(headers).length === 0 && faults.length === 0) {
    faults.push({ found: "nothing", expected: "user:password, or lines of the form Name: value" });
  }
  return { headers, faults };
}

function headerOf(line: string): [name: string, value: string] | null {
  const [, name, value] = HEADER.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [name.toLowerCase(), value];
  // deno-lint-ignore no-control-regex -- RFC 7617 excludes them
  const isBasic = /^[^:]*:/.test(line) && !/[\x00-\x1f\x7f]/.test(line);
  return isBasic ? ["authorization", `Basic ${encodeBase64(line)}`] : null;
}

/** What must not appear in a log: the values of headers, and the password inside Basic ones. */
export function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers).flatMap((value) => {
    const [, parameters] = /^(?:Basic|Bearer) +(\S+)$/i.exec(value) ?? [];
    return parameters === undefined ? [value] : [value, parameters];
  });
}
