// Small SQLite files as other programs leave them, each odd in one way.

/** A file by its name: the SQL that makes it. */
export interface OddSqlite {
  readonly name: string
  readonly sql: string
}

/** `rows(30, 'text')`: a table `t` with 30 rows of expressions over `i`, 1 … 30. */
const rows = (count: number, columns: string, values: string, rest = ''): string =>
  `CREATE TABLE t (${columns})${rest};
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO t SELECT ${values} FROM n;`

const day = `date('1996-07-04', '+' || (i * 40) || ' days')`
const values = `CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN i WHEN 2 THEN i + 0.5 WHEN 3 THEN 'word ' || i WHEN 4 THEN x'00ff' ELSE '' END`

const affinities: readonly OddSqlite[] = [
  { name: 'datetime as text', sql: rows(30, 'id INTEGER PRIMARY KEY, at DATETIME', `i, ${day} || ' 00:00:00'`) },
  { name: 'date as text', sql: rows(30, 'id INTEGER PRIMARY KEY, at DATE', `i, ${day}`) },
  {
    name: 'dates, one of them zero',
    sql: rows(30, 'id INTEGER PRIMARY KEY, at DATE', `i, iif(i = 9, '0000-00-00', ${day})`),
  },
  { name: 'timestamps as seconds', sql: rows(30, 'id INTEGER PRIMARY KEY, at TIMESTAMP', 'i, 1700000000 + i') },
  {
    name: 'timestamps in two forms',
    sql: rows(30, 'id INTEGER PRIMARY KEY, at TIMESTAMP', `i, iif(i % 2, 1700000000 + i, ${day})`),
  },
  { name: 'times', sql: rows(30, 'id INTEGER PRIMARY KEY, at TIME', `i, time(i * 977, 'unixepoch')`) },
  { name: 'years', sql: rows(30, 'id INTEGER PRIMARY KEY, y YEAR', 'i, 1990 + i') },
  {
    name: 'uuids',
    sql: rows(30, 'id INTEGER PRIMARY KEY, u UUID', `i, printf('%08d-0000-4000-8000-000000000000', i * 7)`),
  },
  { name: 'STRING column', sql: rows(30, 'id INTEGER PRIMARY KEY, s STRING', `i, iif(i % 3, 'a' || i, i)`) },
  { name: 'ENUM column', sql: rows(30, `id INTEGER PRIMARY KEY, e ENUM`, `i, iif(i % 2, 'on', 'off')`) },
  { name: 'anything in INTEGER', sql: rows(30, 'id INTEGER PRIMARY KEY, v INTEGER', `i, ${values}`) },
  { name: 'anything in TEXT', sql: rows(30, 'id INTEGER PRIMARY KEY, v TEXT', `i, ${values}`) },
  { name: 'anything in REAL', sql: rows(30, 'id INTEGER PRIMARY KEY, v REAL', `i, ${values}`) },
  { name: 'anything in NUMERIC', sql: rows(30, 'id INTEGER PRIMARY KEY, v NUMERIC', `i, ${values}`) },
  { name: 'anything in BLOB', sql: rows(30, 'id INTEGER PRIMARY KEY, v BLOB', `i, ${values}`) },
  { name: 'anything in a column without type', sql: rows(30, 'id INTEGER PRIMARY KEY, v', `i, ${values}`) },
  {
    name: 'anything in BOOLEAN',
    sql: rows(30, 'id INTEGER PRIMARY KEY, v BOOLEAN', `i, iif(i % 5 = 0, ${values}, i % 2)`),
  },
  {
    name: 'infinity',
    sql: rows(30, 'id INTEGER PRIMARY KEY, r REAL', 'i, CASE i % 3 WHEN 0 THEN 9e999 WHEN 1 THEN -9e999 ELSE i END'),
  },
  { name: 'integers beyond 2^53', sql: rows(30, 'id INTEGER PRIMARY KEY, n INTEGER', 'i, 9007199254740980 + i * 3') },
  {
    name: 'long integers beside reals',
    sql: rows(
      12,
      'id INTEGER PRIMARY KEY, n NUMERIC, v',
      'i, iif(i % 2, 100000000000000000 + i, i / 4.0), iif(i % 2, i / 4.0, 9007199254740990 + i)',
    ),
  },
  { name: 'numbers as text', sql: rows(30, 'id INTEGER PRIMARY KEY, n TEXT', `i, '00' || i`) },
  {
    name: 'JSON with long numbers',
    sql: rows(
      12,
      'id INTEGER PRIMARY KEY, j JSON, t TEXT',
      `i, '{"n": 12345678901234567890, "f": 1.50, "list": [1, 2], "i": ' || i || '}', 'x'`,
    ),
  },
  {
    name: 'JSON that is none',
    sql: rows(
      12,
      'id INTEGER PRIMARY KEY, j JSON, t TEXT',
      `i, CASE i % 3 WHEN 0 THEN '{' WHEN 1 THEN '{"a":1}' ELSE ' null' END, 'x'`,
    ),
  },
  {
    name: 'strict table',
    sql: rows(30, 'id INTEGER PRIMARY KEY, a ANY, r REAL, b BLOB', `i, ${values}, i / 3.0, x'0102'`, ' STRICT'),
  },
]

const collations: readonly OddSqlite[] = [
  {
    name: 'NOCASE column',
    sql: rows(30, 'id INTEGER PRIMARY KEY, s TEXT COLLATE NOCASE', `i, char(65 + i % 5 + 32 * (i % 2)) || i % 3`),
  },
  {
    name: 'RTRIM column',
    sql: rows(30, 'id INTEGER PRIMARY KEY, s TEXT COLLATE RTRIM', `i, char(65 + i % 5) || substr('   ', 1, i % 3)`),
  },
  {
    name: 'NOCASE key',
    sql: rows(26, 'id TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER', 'char(64 + i + 32 * (i % 2)), i'),
  },
  {
    name: 'UTF-16',
    sql: `PRAGMA encoding = 'UTF-16le'; ${rows(30, 'id INTEGER PRIMARY KEY, s TEXT', `i, char(iif(i % 2, 65281, 128512)) || char(96 + i)`)}`,
  },
  { name: 'folded text beside numbers', sql: rows(20, 'id INTEGER PRIMARY KEY, s TEXT', `i, char(200 + i) || i`) },
]

const keys: readonly OddSqlite[] = [
  { name: 'snowflake keys', sql: rows(30, 'id INTEGER PRIMARY KEY, t TEXT', `1234567890123456000 + i * 7, 't' || i`) },
  {
    name: 'relations between snowflakes',
    sql: `CREATE TABLE owner(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO owner VALUES (1234567890123456001, 'a'), (1234567890123456003, 'b'), (3, 'c');
    ${rows(12, 'id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner(id) ON DELETE CASCADE', '1234567890123456700 + i, iif(i % 3, 1234567890123456001 + (i % 2) * 2, 3)')}`,
  },
  {
    name: 'URL keys',
    sql: rows(
      20,
      'url TEXT PRIMARY KEY, n INTEGER',
      `'https://example.com/' || i || '?q=a b&c=%20#' || substr(hex(zeroblob(200)), 1, i * 20), i`,
    ),
  },
  {
    name: 'keys that are dots',
    sql: `CREATE TABLE t(id TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES ('.', 1), ('..', 2), ('', 3), ('~', 4), ('a/b', 5), ('~.', 6), ('%2e', 7), (' ', 8), ('é', 9);`,
  },
  {
    name: 'keys with line breaks',
    sql: `CREATE TABLE t(id TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (char(10), 1), ('a' || char(9), 2), ('b', 3);`,
  },
  { name: 'BLOB keys', sql: rows(30, 'id BLOB PRIMARY KEY, n INTEGER', `unhex(printf('%032X', i * 977)), i`) },
  {
    name: 'BLOB keys without rowid',
    sql: rows(30, 'id BLOB PRIMARY KEY, n INTEGER', `unhex(printf('%08X', i * 977)), i`, ' WITHOUT ROWID'),
  },
  {
    name: 'blobs in a TEXT key',
    sql: rows(20, 'id TEXT PRIMARY KEY, n INTEGER', `iif(i % 2, 'k' || i, unhex(printf('%04X', i))), i`),
  },
  { name: 'null keys', sql: rows(30, 'id TEXT PRIMARY KEY, n INTEGER', 'NULL, i') },
  {
    name: 'NUMERIC keys',
    sql: `CREATE TABLE actor(actor_id numeric NOT NULL, name TEXT, PRIMARY KEY (actor_id)); INSERT INTO actor VALUES (1, 'a'), (2, 'b'), (3, 'c');
    ${rows(12, 'film_id numeric NOT NULL PRIMARY KEY, actor_id numeric REFERENCES actor(actor_id), title VARCHAR(9)', `i, 1 + i % 3, 'f' || i`)}`,
  },
  { name: 'REAL keys', sql: rows(20, 'id REAL PRIMARY KEY, n INTEGER', 'i / 4.0, i') },
  { name: 'date keys', sql: rows(20, 'at DATE PRIMARY KEY, n INTEGER', `${day}, i`) },
  { name: 'composite key', sql: rows(30, 'a TEXT, b INTEGER, n INTEGER, PRIMARY KEY (a, b)', `'x~' || (i % 3), i, i`) },
  {
    name: 'composite key without rowid',
    sql: rows(30, 'a TEXT, b DATE, n INTEGER, PRIMARY KEY (b, a)', `'a/' || i % 4, ${day}, i`, ' WITHOUT ROWID'),
  },
  {
    name: 'composite key with a BLOB',
    sql: rows(30, 'a BLOB, b INTEGER, n INTEGER, PRIMARY KEY (a, b)', `unhex(printf('%04X', i / 4)), i, i`),
  },
  {
    name: 'composite key with nulls',
    sql: rows(12, 'a TEXT, b INTEGER, n INTEGER, PRIMARY KEY (a, b)', `iif(i % 2, NULL, 'a'), i, i`),
  },
  { name: 'no key', sql: rows(30, 'a TEXT, n INTEGER', `'same', 1`) },
  { name: 'a column called rowid', sql: rows(20, 'rowid TEXT, n INTEGER', `'same', i`) },
]

export const sqliteFiles: readonly OddSqlite[] = [...affinities, ...collations, ...keys]
