import type { Random } from "./random.ts";
import type { TrueRepository } from "./world.ts";

const encoder = new TextEncoder();

/** Requests that no good client sends. */
export function oddRequest(random: Random, repositories: readonly TrueRepository[]): Uint8Array {
  const repository = random.one(repositories)!;
  const file = random.one([...repository.latest.files.keys()]) ?? "x-1-1-any.pkg.tar.zst";
  const path = repository.path(file);
  const line = random.one([
    `GET ${path} HTTP/1.1`,
    `GET  ${path}  HTTP/1.1`,
    `GET ${path}`,
    `GET http://127.0.0.1${path} HTTP/1.1`,
    `get ${path} HTTP/1.1`,
    `GET ${path} HTTP/9.9`,
    `GET ${repository.directory}/../../../etc/passwd HTTP/1.1`,
    `GET ${repository.directory}/%2e%2e/%2e%2e/etc/passwd HTTP/1.1`,
    `GET ${repository.directory}/.pkgstash/index.sqlite HTTP/1.1`,
    `GET /.pkgstash/lock HTTP/1.1`,
    `GET ${path}%00.sig HTTP/1.1`,
    `GET ${path}?x=${"y".repeat(500)} HTTP/1.1`,
    `GET ${path}#fragment HTTP/1.1`,
    `GET //${path} HTTP/1.1`,
    `GET ${path}/ HTTP/1.1`,
    `GET /${"a/".repeat(2000)} HTTP/1.1`,
    `GET /${"%41".repeat(3000)} HTTP/1.1`,
    `GET /${"n".repeat(300)}-1-1-any.pkg.tar.zst HTTP/1.1`,
    `GET ${repository.directory}/${"n".repeat(250)}-1-1-any.pkg.tar.zst HTTP/1.1`,
    `GET /%ff%fe HTTP/1.1`,
    `GET * HTTP/1.1`,
    `OPTIONS * HTTP/1.1`,
    `CONNECT example.org:443 HTTP/1.1`,
    `POST ${path} HTTP/1.1`,
    `DELETE ${path} HTTP/1.1`,
    `TRACE ${path} HTTP/1.1`,
    `PUT /api/v1/pins/x HTTP/1.1`,
    `BREW /pot HTTP/1.1`,
    "",
    "\u0000\u0001\u0002",
  ]);
  const header = random.one([
    "Host: x",
    "Host: x\r\nHost: y",
    "Host: x\r\nRange: bytes=0-0,5-9,1-2",
    "Host: x\r\nRange: bytes=9-1",
    "Host: x\r\nRange: bytes=-0",
    `Host: x\r\nRange: bytes=${"9".repeat(40)}-`,
    "Host: x\r\nRange: lines=1-2",
    "Host: x\r\nIf-Modified-Since: yesterday",
    "Host: x\r\nIf-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT",
    'Host: x\r\nIf-None-Match: *, W/"a", "',
    'Host: x\r\nIf-Range: "nothing"\r\nRange: bytes=5-',
    "Host: x\r\nContent-Length: 99999999999",
    "Host: x\r\nContent-Length: -1",
    "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
    "Host: x\r\nExpect: 100-continue",
    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade",
    "Host: x\r\nAuthorization: Bearer",
    `Host: x\r\nX-Long: ${"z".repeat(20_000)}`,
    `Host: x\r\n${"X-Many: 1\r\n".repeat(300)}X-Last: 1`,
    "Host: x\r\nX-Forwarded-For: 10.0.0.1, <script>",
    "Host: x\r\n folded",
    "no colon",
    "",
  ]);
  return encoder.encode(`${line}\r\n${header}\r\n\r\n`);
}

/** Several requests on one connection, without waiting for answers. */
export function pipelined(targets: readonly string[]): Uint8Array {
  const lines = targets.map((target, index) =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\n` +
    (index === targets.length - 1 ? "Connection: close\r\n\r\n" : "\r\n")
  );
  return encoder.encode(lines.join(""));
}
