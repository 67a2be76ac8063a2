// Each type of field in a column of PostgreSQL's own type for it.
import { describe, expect, inject, test } from 'vitest'
import { runsWith } from '../../../test/system-programs.ts'
import { hasOrder, type StoredValue } from '../../schema/scalar-type.ts'
import { hasPostgres, startPostgres } from '../../testing/postgres/postgres-server.ts'
import { typeSamples } from '../../testing/store-suite/type-samples.ts'
import { sql, statementText } from '../sql/kysely.ts'
import { PostgresConnection } from './connection.ts'
import { postgresDialect } from './postgres-dialect.ts'

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('columns', () => {
  test.for(typeSamples.map(([type, ...values]) => ({ name: type.name, type, values })))(
    'of $name hold all its values, in their order',
    async ({ type, values }) => {
      const connection = await PostgresConnection.open({ url: await startPostgres(inject('postgresFolder')) })
      const column = postgresDialect.codec(type.sql)
      const stored = values.filter(value => value !== null)
      const textOf = (part: ReturnType<typeof sql>): string => statementText(part, postgresDialect.text)
      const all = (text: string, ...binds: StoredValue[]): Promise<unknown[]> =>
        connection.all({ name: undefined, sql: text, slots: null }, ...binds)
      try {
        await connection.exec(
          `set timezone = 'Asia/Kathmandu'; create temp table a (x ${textOf(postgresDialect.columnType(column))})`,
        )
        for (const value of stored.toReversed()) await all('insert into a values ($1)', column.encode(value))
        const selected = column.select === 'text' ? 'x::text' : 'x'
        const rows = (await all(`select ${selected} from a order by x`)) as [StoredValue][]
        const back = rows.map(([is]) => (column.decode ? column.decode(is) : is))
        if (hasOrder(type)) expect(back).toEqual(stored)
        else
          expect(new Set(back.map(value => JSON.stringify(value)))).toEqual(
            new Set(stored.map(value => JSON.stringify(value))),
          )
        expect(column.encode(null)).toBe(null)
        // What a database shows as the type of a column is what we compare it with.
        const shown =
          "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'a'::regclass and attname = 'x'"
        expect(await all(shown)).toEqual([[postgresDialect.typeName(column)]])
      } finally {
        await connection.close()
      }
    },
  )
})
