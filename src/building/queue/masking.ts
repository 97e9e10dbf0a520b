/** Patterns of credentials: the first group stays, the second one is masked. */
const CREDENTIALS: readonly RegExp[] = [
  /(pkgstash_[0-9a-f]{12}_)([A-Za-z0-9_*-]+)/dgi,
  /(\b(?:Bearer|Basic) +)([^\s"',;]{8,})/dgi,
  /(:\/\/)([^/?#@\s]+)(?=@)/dgi,
  /([?&](?:access_)?(?:token|password|secret|api-?key)=)([^&#\s"]+)/dgi,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([A-Za-z0-9+/=*\s]+)/dg,
];

/** Shorter values such as "1" or "yes" are not masked. */
const LEAST_SECRET_LENGTH = 6;

/**
 * Masks secrets in a log with the same number of asterisks, so that offsets stay the same: the given
 * ones, and everything that looks like a credential. Returns `bytes` itself if there is nothing to
 * mask.
 */
export function masked(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const text = latin1.decode(bytes);
  const spans = [...spansOfSecrets(text, secrets), ...spansOfCredentials(text)];
  if (spans.length === 0) return bytes;
  const covered = bytes.slice();
  for (const [start, end] of spans) {
    for (let at = start; at < end; at++) {
      // Line ends stay.
      if (covered[at] !== LINE_FEED) covered[at] = ASTERISK;
    }
  }
  return covered;
}

const LINE_FEED = 0x0a;
const ASTERISK = 0x2a;

/** Maps each byte to the character with its code; windows-1252 would change some of them. */
const latin1 = {
  decode(bytes: Uint8Array): string {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) {
      text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    return text;
  },
};

function spansOfSecrets(text: string, secrets: readonly string[]): [number, number][] {
  return secrets.filter((secret) => secret.length >= LEAST_SECRET_LENGTH).flatMap((secret) => {
    const wanted = latin1.decode(new TextEncoder().encode(secret));
    const spans: [number, number][] = [];
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
      spans.push([at, at + wanted.length]);
    }
    return spans;
  });
}

function spansOfCredentials(text: string): [number, number][] {
  return CREDENTIALS.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(({ indices }) => {
      const span = indices?.[2];
      return span === undefined ? [] : [[span[0], span[1]] as [number, number]];
    })
  );
}
