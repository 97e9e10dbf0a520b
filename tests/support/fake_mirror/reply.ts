import type { Behaviour, Gate } from "./behaviour.ts";

/** A file as the fake mirror holds it. */
export interface MirrorFile {
  body: Uint8Array;
  /** HTTP dates have whole seconds; null omits Last-Modified. */
  lastModified: Date | null;
  /** With its quotes; null omits the ETag. */
  etag: string | null;
}

/** What happens after this many body bytes. */
export interface Interruption {
  bytes: number;
  action: { kind: "stall" } | { kind: "cut" } | { kind: "gate"; gate: Gate };
}

/** Everything that a connection needs to respond to a request. */
export interface Reply {
  status: number;
  headers: Map<string, string>;
  body: Uint8Array;
  framing: "length" | "chunked" | "close";
  /** The Content-Length to send, if it is not that of the body. */
  announcedLength: number | undefined;
  refuse: boolean;
  /** Pauses before the status line: milliseconds, a gate, or forever (null). */
  delays: (number | Gate | null)[];
  interruptions: Interruption[];
  pace: { bytes: number; milliseconds: number } | undefined;
  /** Milliseconds between two bytes of the status line and the headers. */
  headPace: number | undefined;
}

/** The reply to a request for `file`, or to one for no file, with the faults of the behaviours. */
export function replyTo(
  file: MirrorFile | undefined,
  headers: Headers,
  behaviours: readonly Behaviour[],
): Reply {
  const has = (kind: Behaviour["kind"]) => behaviours.some((one) => one.kind === kind);
  const respected = new Headers(headers);
  if (has("ignoreIfRange")) respected.delete("if-range");
  const served = file !== undefined && has("noValidators")
    ? { ...file, lastModified: null, etag: null }
    : file;
  const reply = served === undefined
    ? plain(404, "404 Not Found\n")
    : correctReply(served, respected, has("ignoreRange"));
  for (const behaviour of behaviours) apply(reply, behaviour);
  reply.interruptions.sort((a, b) => a.bytes - b.bytes);
  return reply;
}

function blank(status: number, body: Uint8Array): Reply {
  return {
    status,
    headers: new Map(),
    body,
    framing: "length",
    announcedLength: undefined,
    refuse: false,
    delays: [],
    interruptions: [],
    pace: undefined,
    headPace: undefined,
  };
}

function plain(status: number, text: string): Reply {
  const reply = blank(status, new TextEncoder().encode(text));
  reply.headers.set("Content-Type", "text/plain");
  return reply;
}

function correctReply(file: MirrorFile, headers: Headers, ignoreRange: boolean): Reply {
  const reply = blank(200, file.body);
  if (file.lastModified !== null) {
    reply.headers.set("Last-Modified", file.lastModified.toUTCString());
  }
  if (file.etag !== null) reply.headers.set("ETag", file.etag);
  if (isNotModified(file, headers)) {
    reply.status = 304;
    reply.body = new Uint8Array();
    return reply;
  }
  reply.headers.set("Content-Type", "application/octet-stream");
  if (ignoreRange) return reply;
  reply.headers.set("Accept-Ranges", "bytes");
  const range = rangeOf(file, headers);
  if (range === undefined) return reply;
  if (range.start > range.end) {
    const refusal = plain(416, "416 Range Not Satisfiable\n");
    refusal.headers.set("Content-Range", `bytes */${file.body.length}`);
    return refusal;
  }
  reply.status = 206;
  reply.headers.set("Content-Range", `bytes ${range.start}-${range.end}/${file.body.length}`);
  reply.body = file.body.subarray(range.start, range.end + 1);
  return reply;
}

function isNotModified(file: MirrorFile, headers: Headers): boolean {
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) {
    if (noneMatch.trim() === "*") return true;
    return noneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === file.etag);
  }
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return file.lastModified !== null && secondsOf(file.lastModified) * 1000 <= since;
}

/** The requested range; undefined for the whole file. If it cannot be satisfied, start > end. */
function rangeOf(file: MirrorFile, headers: Headers): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range")?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const ifRange = headers.get("if-range");
  if (ifRange !== null) {
    const sameDate = file.lastModified !== null &&
      Date.parse(ifRange) === secondsOf(file.lastModified) * 1000;
    if (ifRange !== file.etag && !(sameDate && !ifRange.includes('"'))) return undefined;
  }
  const size = file.body.length;
  if (match[1] === "") {
    return { start: Math.max(0, size - Number(match[2])), end: size - 1 };
  }
  const start = Number(match[1]);
  if (match[2] === "") return { start, end: size - 1 };
  if (Number(match[2]) < start) return undefined;
  return { start, end: Math.min(size - 1, Number(match[2])) };
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function apply(reply: Reply, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case "correct":
    case "noValidators":
    case "ignoreRange":
    case "ignoreIfRange":
      break; // Handled by `replyTo`.
    case "status":
      replaceResponse(reply, plain(behaviour.code, `${behaviour.code}\n`));
      for (const [name, value] of Object.entries(behaviour.headers ?? {})) {
        reply.headers.set(name, value);
      }
      break;
    case "headers":
      for (const [name, value] of Object.entries(behaviour.headers)) reply.headers.set(name, value);
      break;
    case "html":
      replaceResponse(
        reply,
        plain(200, "<!DOCTYPE html>\n<title>Welcome</title>\n<p>Please sign in.\n"),
      );
      reply.headers.set("Content-Type", "text/html");
      break;
    case "empty":
      reply.status = 200;
      reply.headers.delete("Content-Range");
      reply.body = new Uint8Array();
      break;
    case "redirect":
      replaceResponse(reply, plain(behaviour.code ?? 302, "elsewhere\n"));
      reply.headers.set("Location", behaviour.url);
      break;
    case "wrongLength":
      reply.announcedLength = Math.max(0, reply.body.length + behaviour.difference);
      reply.body = reply.body.subarray(0, reply.announcedLength);
      break;
    case "noLength":
      reply.framing = "chunked";
      break;
    case "closeDelimited":
      reply.framing = "close";
      break;
    case "hangBeforeHeaders":
      reply.delays.push(behaviour.gate ?? behaviour.milliseconds ?? null);
      break;
    case "slowHeaders":
      reply.headPace = behaviour.milliseconds;
      break;
    case "slow": {
      const milliseconds = behaviour.stepMilliseconds ?? 50;
      const bytes = Math.max(1, Math.floor(behaviour.bytesPerSecond * milliseconds / 1000));
      reply.pace = { bytes, milliseconds };
      break;
    }
    case "stallAfter":
      reply.interruptions.push({ bytes: behaviour.bytes, action: { kind: "stall" } });
      break;
    case "cutAfter":
      reply.interruptions.push({ bytes: behaviour.bytes, action: { kind: "cut" } });
      break;
    case "gate":
      reply.interruptions.push({
        bytes: behaviour.bytes,
        action: { kind: "gate", gate: behaviour.gate },
      });
      break;
    case "wrongContentRange": {
      if (reply.status !== 206) break;
      const right = reply.headers.get("Content-Range") ?? "";
      const wrong = right.replace(/^bytes (\d+)/, (_, start) => `bytes ${Number(start) + 1}`);
      reply.headers.set("Content-Range", behaviour.contentRange ?? wrong);
      break;
    }
    case "refuse":
      reply.refuse = true;
      break;
    case "contentEncoding":
      reply.headers.set("Content-Encoding", behaviour.label);
      break;
    case "contentType":
      reply.headers.set("Content-Type", behaviour.label);
      break;
  }
}

/** Replaces the response; the way in which it is delivered stays as ordered. */
function replaceResponse(reply: Reply, other: Reply): void {
  reply.status = other.status;
  reply.headers = other.headers;
  reply.body = other.body;
}
