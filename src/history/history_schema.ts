import { TALLY_COLUMNS } from "./tally.ts";

const COUNTS = Object.values(TALLY_COLUMNS)
  .map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(",\n    ");

/**
 * The schema of the history as migrations, in order. Never change a released one. Times are in
 * milliseconds since the epoch, except in `traffic`, whose many rows save space with seconds. Its
 * `name` is the address or directory of the subject; "" stands for the subject "all", and for names
 * beyond the limit.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE traffic (
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    start_s INTEGER NOT NULL,
    length_s INTEGER NOT NULL,
    ${COUNTS},
    PRIMARY KEY (subject, name, start_s, length_s)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX traffic_by_time ON traffic (length_s, start_s, subject);
  CREATE TABLE clients (
    address TEXT PRIMARY KEY,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    agent TEXT,
    host_name TEXT,
    host_name_at INTEGER,
    ${COUNTS}
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE syncs (
    address TEXT NOT NULL,
    directory TEXT NOT NULL,
    database_at INTEGER,
    synced_at INTEGER NOT NULL,
    PRIMARY KEY (address, directory)
  ) STRICT, WITHOUT ROWID;
`,
];
