/**
 * The schema of the index, as a sequence of migrations. Released ones never change. Times are in
 * milliseconds since the epoch.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE files (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT,
    fetched_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE packages (
    directory TEXT NOT NULL,
    name TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (directory, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE prefetches (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    name TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX prefetches_by_name ON prefetches (directory, name, fetched_at);
  CREATE TABLE wishes (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
`,
  `
  CREATE TABLE pins (
    pattern TEXT PRIMARY KEY,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`,
  `
  CREATE TABLE cleanups (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    cause TEXT NOT NULL,
    removed TEXT NOT NULL,
    failed INTEGER NOT NULL,
    failures TEXT NOT NULL,
    skipped INTEGER NOT NULL,
    unmet TEXT
  ) STRICT;
  CREATE TABLE removals (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    cleanup INTEGER,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    reason TEXT NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
`,
];
