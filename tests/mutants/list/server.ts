import type { Mutant } from "../mutant.ts";

/** Clients: who they are, how many there may be, and what pages of theirs may do. */
export const SERVER: readonly Mutant[] = [
  {
    file: "server/access_rules.ts",
    find: "if (!this.isProxy(peer)) return client;",
    replace: "",
    breaks: "any client says who it is",
    killedBy: ["server/access_rules_test.ts"],
  },
  {
    file: "server/access_rules.ts",
    find: "if (!this.isTrusted(address)) break;",
    replace: "",
    breaks: "what a client wrote before the proxies did is believed",
    killedBy: ["server/access_rules_test.ts"],
  },
  {
    file: "formats/http/forwarded.ts",
    find: "return limited(isSame ? hops : [UNKNOWN]);",
    replace: "return limited(hops);",
    breaks: "a client names itself in the header that its proxy does not write",
    killedBy: ["formats/http/forwarded_test.ts", "server/access_rules_test.ts"],
  },
  {
    file: "repositories/file_stream.ts",
    find: "if (users === 0 && !isShared)",
    replace: "if (!isShared)",
    breaks: "a block is taken away from a client that is to send it",
    killedBy: ["repositories/file_stream_test.ts"],
  },
  {
    file: "repositories/leases.ts",
    find: "if (hostname === UNKNOWN_ADDRESS) return [];",
    replace: "",
    breaks: "clients that nobody can tell apart get each other's signatures",
    killedBy: ["repositories/leases_test.ts: indistinguishable clients share no lease"],
  },
  {
    file: "repositories/leases.ts",
    find: "return port === null ? [byAddress] : [`${hostname} ${port} ${key}`, byAddress];",
    replace: "return [byAddress];",
    breaks: "clients of one address get the signature of the other's database",
    killedBy: [
      "repositories/leases_test.ts: a connection has the lease of the database that was sent on it",
    ],
  },
  {
    file: "server/handler.ts",
    find: "if (!access.admits(client)) {",
    replace: "if (false) {",
    breaks: "everybody is served, whatever allowed_networks says",
    killedBy: [
      "server/allowed_networks_test.ts: a client outside allowed_networks gets 403 for everything, and nothing is fetched",
    ],
  },
  {
    file: "server/handler.ts",
    find: "if (!access.admits(client) || !isValidHost(request.headers)) return null;",
    replace: "if (!isValidHost(request.headers)) return null;",
    breaks: "everybody is served what is in memory, whatever allowed_networks says",
    killedBy: [
      "server/recall_test.ts: a client outside allowed_networks gets 403 for what is in memory",
    ],
  },
  {
    file: "server/handler.ts",
    find: "if (!access.admits(client) || !isValidHost(request.headers)) return null;",
    replace: "if (!access.admits(client)) return null;",
    breaks: "what is in memory is served to any Host",
    killedBy: [
      "server/recall_test.ts: a request with an invalid Host gets 400 for what is in memory",
    ],
  },
  {
    file: "mirroring/mirroring.ts",
    find: 'if (request.headers.has("via")) return null;',
    replace: "",
    breaks: "what is in memory is served to a request that has come round in a circle",
    killedBy: [
      "server/recall_test.ts: a request that has come round in a circle does not count as a use of the file in memory",
    ],
  },
  {
    file: "mirroring/pull_through/database_requests.ts",
    find: "if (basename(hot.path) !== served.blob || !snapshots.isFresh(repository)) return null;",
    replace: "if (!snapshots.isFresh(repository)) return null;",
    breaks: "a database in memory is served that has been replaced",
    killedBy: [
      "server/recall_test.ts: a database or file list in memory is not sent once there is a newer one",
    ],
  },
  {
    file: "mirroring/pull_through/database_requests.ts",
    find: "if (basename(hot.path) !== served.blob || !snapshots.isFresh(repository)) return null;",
    replace: "if (basename(hot.path) !== served.blob) return null;",
    breaks: "a database in memory is served however old it is",
    killedBy: ["server/recall_test.ts: a database in memory is not sent while it is in doubt"],
  },
  {
    file: "mirroring/pull_through/database_requests.ts",
    find: "    this.#options.leases.grant(client, leaseKey(file), Promise.resolve(current));\n",
    replace: "",
    breaks: "who got a database from memory gets the signature of another",
    killedBy: [
      "server/recall_test.ts: the signature belongs to the database that a client got from memory",
    ],
  },
  {
    file: "repositories/hot_file.ts",
    find: "if (date !== null && date !== this.#lastModified) return null;",
    replace: "",
    breaks: "a file in memory is not modified since any date",
    killedBy: ["repositories/hot_file_test.ts"],
  },
  {
    file: "repositories/hot_files.ts",
    find: 'if (changes !== this.#changes || sent.status !== "HIT") return;',
    replace: 'if (sent.status !== "HIT") return;',
    breaks: "a file that was removed while it was sent is kept in memory",
    killedBy: [
      "repositories/hot_files_test.ts: a file that the daemon removes while it is sent does not get into memory",
    ],
  },
  {
    file: "repositories/hot_files.ts",
    find: "if (this.#bytes <= this.#maxBytes) break;",
    replace: "break;",
    breaks: "files in memory take any number of bytes",
    killedBy: [
      "repositories/hot_files_test.ts: files in memory never take more than the bound, and the coldest give way",
    ],
  },
  {
    file: "platform/files/durable.ts",
    find: "  announceFileChange(from);\n",
    replace: "",
    breaks: "a file that is moved to quarantine is served from memory",
    killedBy: [
      "repositories/hot_files_test.ts: a file that the daemon removes, moves or replaces is out of memory at once",
    ],
  },
  {
    file: "server/handler.ts",
    find: "if (!hasValidHost(request)) {",
    replace: "if (false) {",
    breaks: "a Host is a part of the path",
    killedBy: ["server/host_test.ts: an invalid Host gets 400 and is not part of the path"],
  },
  {
    file: "server/access_log.ts",
    find: "body === null ? outcome.bytes : body.sent()",
    replace: "outcome.bytes",
    breaks: "a client that left counts as one that received everything",
    killedBy: [
      "server/access_log_test.ts: a client that leaves midway is logged and counted with the bytes sent to it",
    ],
  },
  {
    file: "platform/observability/news.ts",
    find: "return !isKnown;",
    replace: "return true;",
    breaks: "one failure is a warning for each client that waits for it",
    killedBy: [
      "server/access_log_test.ts: a failure is one warning, however many clients wait for it",
    ],
  },
  {
    file: "server/access_log.ts",
    find: "const record = () => {\n    end();",
    replace: "const record = () => {",
    breaks: "a request counts as in flight for ever",
    killedBy: [
      "server/limits_test.ts: a client that leaves in the middle of a transfer no longer counts",
    ],
  },
  {
    file: "server/api/browser_guard.ts",
    find: "if (!access.isOwnHost(hostname)) {",
    replace: "if (false) {",
    breaks: "a page reaches the API by a name of its own for this machine",
    killedBy: [
      "server/api/browser_guard_test.ts: the API answers under no host name that a web page could have chosen",
    ],
  },
  {
    file: "server/api/browser_guard.ts",
    find: "const isOwn = origin === null || isOwnOrigin(origin, own);",
    replace: "const isOwn = true;",
    breaks: "a page of another origin uses the API",
    killedBy: [
      "server/api/browser_guard_test.ts: the API answers no web page of another origin, even with the token",
    ],
  },
  {
    file: "server/connections.ts",
    find: "if (idleSince !== null && idleSince <= latest) this.#close(connection);",
    replace: "",
    breaks: "idle connections stay for ever",
    killedBy: ["server/connections_test.ts"],
  },
  {
    file: "server/server.ts",
    find: "() => this.#connections.closeIdle(),",
    replace: "() => {},",
    breaks: "nobody looks for idle connections",
    killedBy: [
      "server/idle_connections_test.ts: a connection without a complete request is closed after idle_timeout",
    ],
  },
  {
    file: "server/server.ts",
    find: "if (++inFlight === 1) this.#connections.setIdle(open, false);",
    replace: "++inFlight;",
    breaks: "a connection with a request in flight is idle",
    killedBy: [
      "server/limits_test.ts: with max_client_connections busy, the next connection gets 429",
    ],
  },
  {
    file: "server/server.ts",
    find: "if (isOutOfFiles(error)) this.#connections.shed();",
    replace: "",
    breaks: "idle connections keep everybody else out when no file is left",
    killedBy: ["app/many_connections_test.ts"],
  },
  {
    file: "server/server.ts",
    find: "if (!isOfConnection(error)) await this.#recover(error);",
    replace: "await this.#recover(error);",
    breaks: "clients that reset their connections at once keep everybody else waiting",
    killedBy: ["server/server_test.ts"],
  },
  {
    file: "server/connections.ts",
    find: "entry.idleSince = isIdle ? this.#now() : null;",
    replace: "entry.idleSince = this.#now();",
    breaks: "a busy connection is closed for a new one",
    killedBy: ["server/connections_test.ts"],
  },
  {
    file: "server/connections.ts",
    find: "if (idleSince === null || idleSince >= earliest) continue;",
    replace: "if (idleSince === null || oldest !== null) continue;",
    breaks: "the connection that is closed for a new one is not the longest idle one",
    killedBy: ["server/connections_test.ts"],
  },
  {
    file: "server/files/flat_cache.ts",
    find: "if (digests.size > 1) return true;",
    replace: "",
    breaks: "a client gets the package of another distribution",
    killedBy: [
      "server/flat_cache_test.ts: a name that two databases give to different packages gets 404, even if one is cached",
    ],
  },
  {
    file: "server/files/flat_cache.ts",
    find: "if (digest !== undefined && other !== undefined) return digest === other;",
    replace: "",
    breaks: "two packages of one size and date are one",
    killedBy: [
      "server/flat_cache_test.ts: files with the same size and date are distinguished by their content",
    ],
  },
  {
    file: "server/files/listing.ts",
    find: "if (isCurrent || kept !== undefined && this.#isCrowded()) return kept.page;",
    replace: "",
    breaks: "each listing is made anew",
    killedBy: ["server/listings_test.ts"],
  },
  {
    file: "server/files/listing.ts",
    find: "kept.isSettled && kept.version === version",
    replace: "kept.version === version",
    breaks: "a listing stays as it was when a directory changes twice in a moment",
    killedBy: ["server/listings_test.ts: a directory that has only just changed is read again"],
  },
  {
    file: "server/listener.ts",
    find: "if (address !== ANY_ADDRESS || !isWithoutIpv6(error)) throw error;",
    replace: "if (address !== ANY_ADDRESS) throw error;",
    breaks: "a port in use on IPv6 is taken for a lack of it",
    killedBy: [
      "server/listener_test.ts: a chosen address, or a port in use, is never replaced with another",
    ],
  },
  {
    file: "server/access_log.ts",
    find: "return length === null ? null : Number(length);",
    replace: "return Number(length);",
    breaks: "a body of unknown length is logged as empty",
    killedBy: [
      "server/access_log_test.ts: the bytes of a body whose length is known only at its end are unknown",
    ],
  },
];
