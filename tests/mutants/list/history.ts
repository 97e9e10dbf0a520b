import type { Mutant } from "../mutant.ts";

/** What is kept of the traffic, and how much of it. */
export const HISTORY: readonly Mutant[] = [
  {
    file: "history/traffic_table.ts",
    find: "(names.has(name) || names.size < maxNames)",
    replace: "(names.has(name) || maxNames > 0)",
    breaks: "a client with many addresses grows the history without bound",
    killedBy: [
      "history/traffic_table_test.ts: beyond the limit of names, those with the fewest bytes are counted together",
    ],
  },
  {
    file: "history/traffic_table.ts",
    find: "add(database, { subject, startS, resolution: longer }, part);",
    replace:
      'if (subject !== "client") add(database, { subject, startS, resolution: longer }, part);',
    breaks: "thinning loses the counts of clients",
    killedBy: [
      "history/traffic_table_test.ts: thinning keeps the sums of every client and repository, however old their minutes are",
    ],
  },
  {
    file: "history/tally.ts",
    find: "other.bytesServed - one.bytesServed",
    replace: "one.bytesServed - other.bytesServed",
    breaks: "addresses that want nothing push out clients that are served",
    killedBy: [
      "history/traffic_table_test.ts: beyond the limit of names, those with the fewest bytes are counted together",
    ],
  },
  {
    file: "history/history.ts",
    find: "    this.#unwritten = new UnwrittenTraffic(this.#now);\n    if (batch.isEmpty)",
    replace: "    if (batch.isEmpty)",
    breaks: "what was written is counted again with each write",
    killedBy: [
      "history/history_test.ts: neither a restart nor a query loses bytes or counts them twice",
    ],
  },
  {
    file: "history/history_file.ts",
    find: "    await removeJournal(path);\n",
    replace: "",
    breaks: "the journal of a removed history damages the one that takes its place",
    killedBy: [
      "history/history_test.ts: a database put in place of the open one is used, without the old journal",
    ],
  },
  {
    file: "history/history_file.ts",
    find: "if (found?.ino === this.#inode) return;",
    replace: "return;",
    breaks: "a history that was removed is written to all the same, and lost at the end",
    killedBy: [
      "history/history_test.ts: a database removed while in use is rewritten with all of its content",
    ],
  },
  {
    file: "platform/database/sliced_check.ts",
    find: "for (const tree of treesOf(database)) await",
    replace: "for (const tree of treesOf(database).slice(1)) await",
    breaks: "damage of a table is not found",
    killedBy: [
      "platform/database/sliced_check_test.ts: a damaged page is found wherever it is: in a table, an index or in between",
    ],
  },
  {
    file: "history/client_table.ts",
    find: "if (isNamed(address)) continue;",
    replace: "",
    breaks: "a client that has a name is forgotten",
    killedBy: [
      "history/history_test.ts: names survive a restart, and a named client is never forgotten",
    ],
  },
  {
    file: "server/access_log.ts",
    find: 'bytes !== "-" && body?.isCounted !== true ? bytes : 0',
    replace: 'bytes !== "-" ? bytes : 0',
    breaks: "bytes of a download are counted twice",
    killedBy: [
      "app/traffic_history_test.ts: requests and bytes are counted for client and repository, from memory as from disk",
    ],
  },
  {
    file: "mirroring/pull_through/package_requests.ts",
    find: "isSaved: !started }",
    replace: "isSaved: true }",
    breaks: "bytes that a mirror sent for the client count as saved",
    killedBy: [
      "app/traffic_history_test.ts: clients that share a download are each counted, and the second saves its bytes",
    ],
  },
  {
    file: "history/reverse_names.ts",
    find: "names.find((each) => HOST_NAME.test(each))",
    replace: "names.find((each) => each.length > 0)",
    breaks: "what reverse DNS says is shown unchecked",
    killedBy: [
      "history/history_test.ts: DNS is queried only if configured, once a day, and its answers are checked",
    ],
  },
  {
    file: "history/reverse_names.ts",
    find: "AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])",
    replace: "signal",
    breaks: "a name server that says nothing holds up the names of all clients",
    killedBy: ["history/reverse_names_test.ts"],
  },
];
