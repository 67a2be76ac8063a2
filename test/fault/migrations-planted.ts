// Faults planted into migrations: their tests must find each of them.
// node test/fault/migrations-planted.ts [--only=TEXT]
import { failsWith, tellAll, type PlantedForTest } from './planted.ts'

const FILES = [
  'test/migrate.test.ts',
  'test/migrat*.test.ts',
  'test/postgres/migrate/*.test.ts',
  'test/property/migrations.test.ts',
]

const one = (test: string, file: string, find: string, replace: string): PlantedForTest => ({
  test,
  faults: [{ file: `store/${file}`, find, replace }],
})

const planted: Readonly<Record<string, PlantedForTest>> = {
  'a plan is not noted as applied': one(
    'a plan is written, applied, told and taken back',
    'sqlite/migrate/migrations.ts',
    'this.#ledger.note(plan.name, planDigest(plan), plan.steps, this.#clock())',
    '',
  ),
  'a table is made anew while foreign keys are on': one(
    'that do not change in between',
    'sqlite/migrate/migrations.ts',
    'PRAGMA foreign_keys=OFF; ${LOG_TABLES}',
    'PRAGMA foreign_keys=ON; ${LOG_TABLES}',
  ),
  'a renamed field is taken for one that goes and another that comes': one(
    'a plan is written, applied, told and taken back',
    'migrate/plan/plan-steps.ts',
    'former.includes(field) ||',
    '',
  ),
  'a table that is made anew loses its indexes': one(
    'that do not change in between',
    'sqlite/migrate/run-steps.ts',
    '...Object.entries(shape.indexes).map(([name, index]) => createIndexSql(table, name, index)),',
    '',
  ),
  'what a plan took away does not come back': one(
    'what holds data is dropped only by its name, and comes back',
    'sqlite/migrate/migrations.ts',
    "restores: step => this.#saved({ plan: name, step: at(step), way: 'up' }),",
    'restores: () => null,',
  ),
  'the log keeps the former names of fields': one(
    'the log follows the tables',
    'sqlite/migrate/rewrite-log.ts',
    'rewriteImages(connection, resource, renamed, values)',
    '',
  ),
  'an edited plan is not noticed': one(
    'a plan that was edited after it was applied is noticed',
    'sqlite/migrate/migrations.ts',
    'if (known.digest === digest) return true',
    'return true',
  ),
  'rows that came after the plan was written are not asked': one(
    'rows that came after the plan was written are asked again',
    'sqlite/migrate/migrations.ts',
    'if (needs.length > 0)',
    'if (needs.length < 0)',
  ),
  'PostgreSQL: what a plan took away is dropped': one(
    'what holds data is dropped only by its name, and comes back',
    'postgres/migrate/table-changes.ts',
    'keeping === null ? null : keptName(keeping.saves(step))',
    'null',
  ),
  'PostgreSQL: several processes apply at once': one(
    'several processes that apply the same plan at once agree on one',
    'postgres/migrate/migrations.ts',
    'while ((await one(`select pg_try_advisory_lock(${lock})`)) !== 1) await sleep(100)',
    '',
  ),
  'PostgreSQL: what others write meanwhile is not taken over': one(
    'writers go on, nothing that they write is lost',
    'postgres/migrate/run-plan.ts',
    'if (rows.length > 0) await converter.again(',
    'if (rows.length < 0) await converter.again(',
  ),
  'PostgreSQL: other nodes are not told': one(
    'writers go on, nothing that they write is lost',
    'postgres/migrate/run-plan.ts',
    '        await beginTermOfAll(this.#connection)\n',
    '',
  ),
  'PostgreSQL: the log keeps the former names of fields': one(
    'the log follows the tables',
    'postgres/migrate/rewrite-log.ts',
    'for (const rewrite of this.#rewrites.get(resource) ?? []) rewrite(record)',
    '',
  ),
}

export const isFound = (name: string): Promise<boolean> => failsWith(planted[name]!, FILES)

if (import.meta.main) await tellAll(planted, isFound)
