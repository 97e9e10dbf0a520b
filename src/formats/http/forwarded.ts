import { canonicalAddress } from "../network/ip_address.ts";

/** Who sent a request to a proxy, according to that proxy. */
export interface Hop {
  /** Normalized; null if the proxy does not say, or not in a way that is understood. */
  readonly address: string | null;
  /** The port of its connection; null if the proxy does not say. */
  readonly port: number | null;
}

/** More than any sensible chain of proxies. */
const MAX_HOPS = 32;

/** A pair of RFC 7239, section 4: a token, and a token or quoted string. */
const PAIR = /^\s*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w:[\]-]+))\s*$/s;

/**
 * The senders that proxies recorded in `Forwarded` (RFC 7239) and `X-Forwarded-For`, client first;
 * null if there is neither header. If both are present they must name the same addresses, since a
 * proxy that writes one may pass on the other as forged by the client; otherwise the senders are
 * unknown.
 */
export function forwardedHops(headers: Headers): Hop[] | null {
  const forwarded = headers.get("forwarded");
  const legacy = headers.get("x-forwarded-for");
  const hops = forwarded === null ? null : splitOutsideQuotes(forwarded, ",").map(elementHop);
  const legacyHops = legacy?.split(",").map(nodeHop) ?? null;
  if (hops === null || legacyHops === null) return limited(hops ?? legacyHops);
  const isSame = hops.length === legacyHops.length &&
    hops.every(({ address }, index) => address === legacyHops[index]?.address);
  return limited(isSame ? hops : [UNKNOWN]);
}

const UNKNOWN: Hop = { address: null, port: null };

function limited(hops: Hop[] | null): Hop[] | null {
  return hops === null || hops.length <= MAX_HOPS ? hops : hops.slice(-MAX_HOPS);
}

/**
 * The sender in one element of `Forwarded`, such as `for="192.0.2.1:4711";proto=https`. Unknown if
 * any of it is malformed: a quote that a client leaves open swallows what the next proxy appends.
 */
function elementHop(element: string): Hop {
  let sender: string | null = null;
  for (const text of splitOutsideQuotes(element, ";")) {
    const pair = PAIR.exec(text);
    if (pair === null) return UNKNOWN;
    const [, name = "", quoted, token = ""] = pair;
    if (name.toLowerCase() !== "for") continue;
    if (sender !== null) return UNKNOWN;
    sender = quoted?.replace(/\\(.)/gs, "$1") ?? token;
  }
  return sender === null ? UNKNOWN : nodeHop(sender);
}

/**
 * A node of RFC 7239, section 6: an address with or without a port; obfuscated ones are unknown.
 */
function nodeHop(text: string): Hop {
  const node = text.trim();
  const address = canonicalAddress(node);
  if (address !== null) return { address, port: null };
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(node) ?? [];
  return { address: canonicalAddress(host), port: port === "" ? null : Number(port) };
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const pattern = separator === ","
    ? /(?:"(?:[^"\\]|\\.)*"|[^,])+/gs
    : /(?:"(?:[^"\\]|\\.)*"|[^;])+/gs;
  return text.match(pattern) ?? [];
}
