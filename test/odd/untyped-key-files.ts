// SQLite files with keys whose columns convert nothing: 1 and '1' are two rows there.
import type { OddSqlite } from './sqlite-files.ts'

const alike = `(1, 'integer'), ('1', 'text'), (1.5, 'real'), ('1.5', 'text of a real'), (x'31', 'blob'), ('', 'empty'),
  ('%t1', 'spelled'), ('a', 'word'), (9007199254740993, 'long'), ('9007199254740993', 'text of a long'),
  (9223372036854775807, 'longest'), (9e999, 'infinite'), ('Infinity', 'text of infinity'), ('1e+30', 'text of an exponent'),
  (1e30, 'exponent'), (1e18, 'large'), ('1000000000000000000', 'text of a large'), ('-0', 'text of minus 0'), (0, 'zero')`

const keyed = (name: string, columns: string, rows: string = alike): OddSqlite => ({
  name,
  sql: `CREATE TABLE t(${columns}; INSERT INTO t(k, t) VALUES ${rows};`,
})

const pairs = `CREATE TABLE t(g TEXT, k, t TEXT, PRIMARY KEY (g, k)); INSERT INTO t(g, k, t)
  WITH one(k, t) AS (VALUES ${alike}) SELECT 'a', k, t FROM one UNION ALL SELECT '1', k, t FROM one;`

export const untypedKeyFiles: readonly OddSqlite[] = [
  keyed('a strict ANY key', 'k ANY PRIMARY KEY, t TEXT) STRICT'),
  keyed('a key without a type', 'k PRIMARY KEY, t TEXT) WITHOUT ROWID'),
  keyed('a BLOB key that holds anything', 'k BLOB PRIMARY KEY, t TEXT)'),
  keyed('a BLOB key that holds texts', 'k BLOB PRIMARY KEY, t TEXT)', `('1', 'a'), ('ab', 'b'), (x'31', 'c')`),
  keyed(
    'an INTEGER key that holds anything',
    'k INT PRIMARY KEY, t TEXT)',
    `(1, 'a'), ('x', 'b'), ('Infinity', 'c'), (9e999, 'd')`,
  ),
  { name: 'a composite key without types', sql: pairs },
  {
    name: 'relations to a key without a type',
    sql: `CREATE TABLE t(k PRIMARY KEY, t TEXT); INSERT INTO t VALUES (1, 'integer'), ('1', 'text'), ('x', 'word');
    CREATE TABLE child(id INTEGER PRIMARY KEY, k REFERENCES t, t TEXT); INSERT INTO child(k, t) VALUES (1, 'a'), ('1', 'b'), ('x', 'c');`,
  },
  {
    name: 'a view with a key of several types',
    sql: `CREATE VIEW v AS WITH one(id, t) AS (VALUES ${alike}) SELECT id, t FROM one;`,
  },
  { name: 'a view with a REAL key', sql: `CREATE VIEW v AS SELECT 1.5 AS id, 'a' AS t UNION ALL SELECT 2, 'b';` },
]
