import type { DatabaseSync } from "node:sqlite";

/** A b-tree of a database: a table without rowid, in the order of its key, or one of its indexes. */
export interface Tree {
  readonly table: string;
  /** Null for the table itself. */
  readonly index: string | null;
  /** The columns of the table, with the types that SQLite's `typeof` gives to their values. */
  readonly columns: ReadonlyMap<string, string>;
  /** The columns by which it is sorted, which tell its rows apart. */
  readonly key: readonly string[];
}

/** All tables of a database, each followed by its indexes. They must be `WITHOUT ROWID`. */
export function treesOf(database: DatabaseSync): Tree[] {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return names.flatMap(({ name }) => {
    const table = String(name);
    const infos = database.prepare("SELECT name, type, pk FROM pragma_table_info(?)")
      .all(table) as { name: string; type: string; pk: number }[];
    const columns = new Map(infos.map(({ name, type }) => [name, type.toLowerCase()]));
    const primary = infos.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk)
      .map(({ name }) => name);
    const indexes = database.prepare(
      "SELECT name FROM pragma_index_list(?) WHERE origin = 'c' AND partial = 0",
    ).all(table) as { name: string }[];
    return [
      { table, index: null, columns, key: primary },
      ...indexes.map(({ name: index }) => {
        const indexed = database.prepare("SELECT name FROM pragma_index_info(?) ORDER BY seqno")
          .all(index) as { name: string }[];
        const key = [...new Set([...indexed.map(({ name }) => name), ...primary])];
        return { table, index, columns, key };
      }),
    ];
  });
}

/** The rows of a tree that follow a key, which is bound `key.length` times; all without one. */
export function following({ table, index, key }: Tree, selected: string, isFirst: boolean): string {
  const source = index === null ? `"${table}" NOT INDEXED` : `"${table}" INDEXED BY "${index}"`;
  const names = key.map((name) => `"${name}"`).join(", ");
  const after = isFirst ? "" : `WHERE (${names}) > (${key.map(() => "?").join(", ")})`;
  return `SELECT ${selected} FROM ${source} ${after} ORDER BY ${names}`;
}
