import { ApiError } from '../../protocol/error.ts'
import { adopt } from '../../store/sql/tables/adopt.ts'
import { introspectPostgres } from '../../store/postgres/schema/introspect.ts'
import { mayKeepLog } from '../../store/postgres/schema/may-keep-log.ts'
import { Misuse } from '../misuse.ts'
import type { DataSource } from '../source.ts'

/** Whether a source is a PostgreSQL database, by its connection string. */
export const isPostgres = (source: string): boolean => /^postgres(?:ql)?:/.test(source)

/** The schema of the tables in which Restuary keeps versions, changes and answers. */
export const OWN_SCHEMA = 'restuary'

/**
 * What the tables and views of a database declare, as they are. Throws Misuse if an application of Restuary has made them: its
 * rules and checks are not there, so writes would pass them by.
 */
export async function readPostgres(url: string, options: { readonly readOnly: boolean }): Promise<DataSource> {
  const file = shownUrl(url)
  const catalog = await introspectPostgres({ url }).catch((error: unknown) => {
    if (error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND')
      throw new Misuse('PostgreSQL needs the package pg', `install it: npx -p restuary -p pg restuary serve ${file}`)
    const why = reasonOf(error)
    throw new Misuse(`${file} cannot be read: ${why}`, 'check the address, and whether psql can connect to it')
  })
  const own = catalog.tables.find(table => table.own)
  if (own !== undefined)
    throw new Misuse(
      `${file} belongs to an application of Restuary, which made its table ${own.name} and knows its rules`,
      'start that application',
    )
  const isUntouched = options.readOnly && !(await mayKeepLog({ url }, OWN_SCHEMA))
  return { kind: 'postgres', file: url, isUntouched, ...adopt(catalog, { foreign: true, ...options }) }
}

/** A connection string without what must not be shown. */
export const shownUrl = (url: string): string => url.replace(/\/\/.*@/, '//').replace(/\?.*$/, '')

/** Of several addresses of one host, each may have a reason of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiError && error.cause !== undefined) return reasonOf(error.cause)
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : ''
}
