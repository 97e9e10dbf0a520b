import { concat } from "@std/bytes/concat";
import type { Behaviour } from "../../support/fake_mirror.ts";
import { type MirrorFile, type Reply, replyTo } from "../../support/fake_mirror/reply.ts";
import type { Random } from "./random.ts";

/** What kind of file a request is for; each can be wrong in its own ways. */
export type FileKind = "database" | "package" | "signature";

/** How often each fault is drawn. */
const FAULTS = {
  cut: 10,
  stall: 4,
  trickle: 4,
  tooLong: 5,
  tooShort: 5,
  wrongFirst: 4,
  wrongMiddle: 6,
  wrongLast: 6,
  anotherFile: 6,
  html: 6,
  empty: 4,
  notFound: 8,
  forbidden: 3,
  tooMany: 4,
  unavailable: 4,
  redirect: 5,
  wrongContentRange: 5,
  ignoreRange: 8,
  ignoreIfRange: 4,
  label: 4,
  noLength: 6,
  chunkedCut: 6,
  closeDelimited: 5,
  noValidators: 6,
  refuse: 5,
  slowFirstByte: 5,
  slowHeaders: 2,
  hang: 2,
  oversized: 3,
  surplus: 4,
};

export type Fault = keyof typeof FAULTS;

export const ALL_FAULTS = Object.keys(FAULTS) as Fault[];

const OVERSIZED_BYTES = 8 * 1024 * 1024;

export function drawFault(random: Random): Fault {
  return random.weighted(FAULTS);
}

export interface Faulty {
  readonly file: MirrorFile | undefined;
  readonly headers: Headers;
  readonly kind: FileKind;
  /** A file of the same kind, with other content. */
  readonly other: Uint8Array;
  /** Where a redirect leads. */
  readonly elsewhere: string;
}

/** A mirror's reply to a request, with one fault. */
export function faultyReply(fault: Fault, request: Faulty, random: Random): Reply {
  const { file, headers, kind, other, elsewhere } = request;
  const size = file?.body.length ?? 0;
  const within = size === 0 ? 0 : random.whole(0, size - 1);
  const reply = (...behaviours: Behaviour[]) => replyTo(file, headers, behaviours);
  switch (fault) {
    case "cut":
      return reply({ kind: "cutAfter", bytes: within });
    case "stall":
      return reply({ kind: "stallAfter", bytes: within });
    case "trickle":
      return reply({ kind: "slow", bytesPerSecond: random.one([200, 4_000, 40_000]) });
    case "tooLong":
      return reply({ kind: "wrongLength", difference: random.one([1, 7, 5_000]) });
    case "tooShort":
      return reply({ kind: "wrongLength", difference: random.one([-1, -7, -5_000]) });
    case "wrongFirst":
      return withBody(request, flipped(file?.body, 0));
    // Of a signature, only the packet's frame and the digest's beginning can be checked here.
    case "wrongMiddle":
      return withBody(request, flipped(file?.body, kind === "signature" ? 0 : within));
    case "wrongLast":
      return withBody(request, flipped(file?.body, kind === "signature" ? 0 : size - 1));
    case "anotherFile":
      // Another database is one that nobody can tell from this one without a signature.
      return kind === "database" ? reply({ kind: "html" }) : withBody(request, other);
    case "html":
      return reply({ kind: "html" });
    case "empty":
      return reply({ kind: "empty" });
    case "notFound":
      return reply({ kind: "status", code: 404 });
    case "forbidden":
      return reply({ kind: "status", code: 403 });
    case "tooMany":
      return reply({ kind: "status", code: 429, headers: retryAfter(random) });
    case "unavailable":
      return reply({ kind: "status", code: 503, headers: retryAfter(random) });
    case "redirect":
      return reply({ kind: "redirect", url: elsewhere, code: random.one([301, 302, 307, 308]) });
    case "wrongContentRange":
      return reply({ kind: "wrongContentRange" });
    case "ignoreRange":
      return reply({ kind: "ignoreRange" });
    case "ignoreIfRange":
      return reply({ kind: "ignoreIfRange" });
    case "label":
      return reply({ kind: "contentEncoding", label: random.one(["x-gzip", "zstd", "identity"]) });
    case "noLength":
      return reply({ kind: "noLength" });
    case "chunkedCut":
      return reply({ kind: "noLength" }, { kind: "cutAfter", bytes: within });
    case "closeDelimited":
      return reply({ kind: "closeDelimited" });
    case "noValidators":
      return reply({ kind: "noValidators" });
    case "refuse":
      return reply({ kind: "refuse" });
    case "slowFirstByte":
      return reply({ kind: "hangBeforeHeaders", milliseconds: random.whole(50, 2_500) });
    case "slowHeaders":
      return reply({ kind: "slowHeaders", milliseconds: random.whole(1, 40) });
    case "hang":
      return reply({ kind: "hangBeforeHeaders" });
    case "oversized":
      return withBody(request, new Uint8Array(OVERSIZED_BYTES));
    // Behind a compressed stream, zeroes are padding.
    case "surplus":
      return kind === "database"
        ? reply({ kind: "refuse" })
        : withBody(request, concat([file?.body ?? new Uint8Array(), new Uint8Array(100)]));
  }
}

function retryAfter(random: Random): Record<string, string> {
  const inOneSecond = new Date(Date.now() + 1000).toUTCString();
  return { "Retry-After": random.one(["1", "2", inOneSecond, "soon", "-5"]) };
}

/** The reply with another body under the file's own validators. */
function withBody({ file, headers }: Faulty, body: Uint8Array): Reply {
  return replyTo(file === undefined ? undefined : { ...file, body }, headers, []);
}

function flipped(bytes: Uint8Array | undefined, at: number): Uint8Array {
  const result = bytes?.slice() ?? new Uint8Array();
  if (at >= 0 && at < result.length) result[at] = ~result[at]!;
  return result;
}
