// Further SQLite files: cascades, defaults, triggers, generated columns, views and names.
import type { OddSqlite } from './sqlite-files.ts'

const parent = `CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');`

const cascades: readonly OddSqlite[] = [
  {
    name: 'child with a composite key',
    sql: `${parent} CREATE TABLE child(p INTEGER REFERENCES parent ON DELETE CASCADE, n INTEGER, t TEXT, PRIMARY KEY (p, n));
    INSERT INTO child VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');`,
  },
  {
    name: 'child with a generated column',
    sql: `${parent} CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent ON DELETE SET NULL, t TEXT, u TEXT AS (upper(t)));
    INSERT INTO child(p, t) VALUES (1, 'x'), (1, 'y'), (2, 'z');`,
  },
  {
    name: 'child without rowid',
    sql: `${parent} CREATE TABLE child(a TEXT, b TEXT, p INTEGER REFERENCES parent ON DELETE SET NULL, PRIMARY KEY (a, b)) WITHOUT ROWID;
    INSERT INTO child VALUES ('a', 'b', 1), ('c', 'd', 2);`,
  },
  {
    name: 'child without a key',
    sql: `${parent} CREATE TABLE child(p INTEGER REFERENCES parent ON DELETE CASCADE, t TEXT); INSERT INTO child VALUES (1, 'x'), (2, 'y');`,
  },
  {
    name: 'deferred and self-referring',
    sql: `CREATE TABLE node(id INTEGER PRIMARY KEY, up INTEGER REFERENCES node ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, t TEXT);
    INSERT INTO node VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 4, 'd');`,
  },
  {
    name: 'foreign key to a unique column',
    sql: `CREATE TABLE tag(id INTEGER PRIMARY KEY, word TEXT UNIQUE); INSERT INTO tag VALUES (1, 'x'), (2, 'y');
    CREATE TABLE use(id INTEGER PRIMARY KEY, word TEXT REFERENCES tag(word)); INSERT INTO use VALUES (1, 'x');`,
  },
]

const withDefault = (name: string, declaration: string): OddSqlite => ({
  name: `default ${name}`,
  sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT, d ${declaration}); INSERT INTO t(t) VALUES ('a'), ('b');`,
})
const defaults: readonly OddSqlite[] = [
  withDefault('quoted integer', `INTEGER NOT NULL DEFAULT '0'`),
  withDefault('quoted decimal', `DECIMAL(5,2) NOT NULL DEFAULT '0.00'`),
  withDefault('quoted boolean', `BOOLEAN NOT NULL DEFAULT 't'`),
  withDefault('expression', `TEXT NOT NULL DEFAULT (lower(hex('key')) || abs(-1))`),
  withDefault('zero date', `DATE NOT NULL DEFAULT '0000-00-00'`),
  withDefault('empty date', `DATE NOT NULL DEFAULT ''`),
  withDefault('infinity', `REAL NOT NULL DEFAULT 9e999`),
  withDefault('double quotes', `TEXT NOT NULL DEFAULT "active"`),
  withDefault('largest integer', `INTEGER NOT NULL DEFAULT 9223372036854775807`),
  withDefault('blob', `BLOB NOT NULL DEFAULT x'00'`),
  {
    name: 'default moment beside integers',
    sql: `CREATE TABLE _prisma_migrations(id TEXT PRIMARY KEY, started_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, steps INTEGER NOT NULL DEFAULT 0);
    INSERT INTO _prisma_migrations VALUES ('a', 1700000000000, 1);`,
  },
]

const triggers: readonly OddSqlite[] = [
  {
    name: 'trigger that changes its own row',
    sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT, n INTEGER DEFAULT 0);
    INSERT INTO t(t) VALUES ('a'), ('b'), ('c'); CREATE TRIGGER up AFTER UPDATE OF t ON t BEGIN UPDATE t SET n = n + 1 WHERE id = new.id; END;
    CREATE TRIGGER ins AFTER INSERT ON t BEGIN UPDATE t SET t = upper(t) WHERE id = new.id; END;`,
  },
  {
    name: 'trigger that writes another table',
    sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO t(t) VALUES ('a'), ('b');
    CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT); CREATE TRIGGER up AFTER UPDATE ON t BEGIN INSERT INTO log(what) VALUES (new.t); END;
    CREATE TRIGGER del AFTER DELETE ON t BEGIN DELETE FROM log WHERE what = old.t; END;`,
  },
  {
    name: 'full-text search',
    sql: `CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT); CREATE VIRTUAL TABLE fts USING fts5(body, content='note', content_rowid='id');
    CREATE TRIGGER i AFTER INSERT ON note BEGIN INSERT INTO fts(rowid, body) VALUES (new.id, new.body); END;
    CREATE TRIGGER d AFTER DELETE ON note BEGIN INSERT INTO fts(fts, rowid, body) VALUES ('delete', old.id, old.body); END;
    CREATE TRIGGER u AFTER UPDATE ON note BEGIN INSERT INTO fts(fts, rowid, body) VALUES ('delete', old.id, old.body); INSERT INTO fts(rowid, body) VALUES (new.id, new.body); END;
    INSERT INTO note(body) VALUES ('one'), ('two'), ('three');`,
  },
  {
    name: 'generated columns',
    sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, first TEXT, last TEXT, whole TEXT AS (first || ' ' || last), size INTEGER AS (length(first)) STORED);
    INSERT INTO t(first, last) VALUES ('a', 'b'), ('cc', 'd'), ('e', 'f');`,
  },
]

const many = `CREATE TABLE a(id INTEGER PRIMARY KEY, g INTEGER, t TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) INSERT INTO a SELECT i, i % 4, 't' || i % 5 FROM n;`
const views: readonly OddSqlite[] = [
  { name: 'view with equal rows', sql: `${many} CREATE VIEW v AS SELECT g, t FROM a UNION ALL SELECT g, t FROM a;` },
  {
    name: 'view with a left join',
    sql: `${many} CREATE TABLE b(id INTEGER PRIMARY KEY, a_id INTEGER); INSERT INTO b SELECT id, id FROM a WHERE id % 3 = 0;
    CREATE VIEW v AS SELECT b.id AS b_id, a.g AS g, a.t AS word FROM a LEFT JOIN b ON b.a_id = a.id;`,
  },
  {
    name: 'view of sums',
    sql: `${many} CREATE VIEW v AS SELECT g, count(*) AS many, avg(id) AS mean FROM a GROUP BY g;`,
  },
  {
    name: 'view without a column',
    sql: `${many} CREATE VIEW v AS SELECT *, gone FROM a; CREATE VIEW w AS SELECT * FROM nowhere;`,
  },
  {
    name: 'endless view',
    sql: `${many} CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
    CREATE VIEW worse AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n;`,
  },
]

const names: readonly OddSqlite[] = [
  {
    name: 'names beyond ASCII',
    sql: `CREATE TABLE "größe"(id INTEGER PRIMARY KEY, "höhe" INTEGER, "名前" TEXT); INSERT INTO "größe" VALUES (1, 2, 'x'), (2, 3, 'y');
    CREATE TABLE "küche"(id INTEGER PRIMARY KEY, "größe_id" INTEGER REFERENCES "größe"); INSERT INTO "küche" VALUES (1, 1), (2, 2);`,
  },
  {
    name: 'plurals',
    sql: ['dates', 'fts', 'news', 'gps', 'arrays', 'promises', 'records', 'classes', 'is']
      .map(name => `CREATE TABLE "${name}"(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO "${name}" VALUES (1, 'x');`)
      .join('\n'),
  },
  {
    name: 'a column without a name',
    sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, "" TEXT, b TEXT); INSERT INTO t VALUES (1, 'x', 'y'); CREATE TABLE u(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO u VALUES (1, 'x');`,
  },
  {
    name: 'a table without a name',
    sql: `CREATE TABLE ""(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO "" VALUES (1, 'x'); CREATE TABLE u(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO u VALUES (1, 'x');`,
  },
  {
    name: 'quotes and dots in names',
    sql: `CREATE TABLE "a.b""c'd"(id INTEGER PRIMARY KEY, "x[y]" TEXT, "$v" TEXT, "-w" TEXT); INSERT INTO "a.b""c'd" VALUES (1, 'x', 'y', 'z');`,
  },
  {
    name: 'line breaks in names',
    sql: `CREATE TABLE "a\nb"(id INTEGER PRIMARY KEY, "c\nd" TEXT, "*/" TEXT); INSERT INTO "a\nb" VALUES (1, 'x', 'y');
    CREATE TABLE "e\u{2028}f"(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO "e\u{2028}f" VALUES (1, 'x');
    CREATE VIEW "g\nprocess.exit(1)" AS SELECT gone FROM nowhere;`,
  },
  {
    name: 'names that JavaScript knows',
    sql: `CREATE TABLE "constructor"(id INTEGER PRIMARY KEY, "__proto__" TEXT, "toString" TEXT); INSERT INTO "constructor" VALUES (1, 'x', 'y');`,
  },
  {
    name: 'broken text',
    sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT, u TEXT); INSERT INTO t VALUES (1, 'a' || char(0) || 'b', 'u'), (2, CAST(x'eda080' AS TEXT), 'u'), (3, CAST(x'ff41' AS TEXT), 'u'), (4, 'fine', 'u');`,
  },
  {
    name: 'names of our own paths',
    sql: ['docs', 'auth', 'changes', 'health']
      .map(name => `CREATE TABLE "${name}"(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO "${name}" VALUES (1, 'x');`)
      .join('\n'),
  },
]

export const moreSqliteFiles: readonly OddSqlite[] = [...cascades, ...defaults, ...triggers, ...views, ...names]
