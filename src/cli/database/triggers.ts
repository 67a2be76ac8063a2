import { changeTriggers } from '../../store/postgres/schema/triggers.ts'
import { Misuse } from '../misuse.ts'
import { isPostgres, reasonOf, shownUrl } from './postgres-source.ts'

/** `restuary triggers install|remove SOURCE`: whether what other programs write is recorded in the log. */
export async function triggers(action: string, source: string | undefined): Promise<void> {
  if (action !== 'install' && action !== 'remove')
    throw new Misuse(`triggers has no action ${action}`, 'it has install and remove')
  if (source === undefined || !isPostgres(source))
    throw new Misuse('triggers needs a PostgreSQL database', `restuary triggers ${action} postgres://me@localhost/shop`)
  let tables: readonly string[]
  try {
    tables = await changeTriggers({ url: source }, action)
  } catch (error) {
    throw new Misuse(`${shownUrl(source)} stays as it is: ${reasonOf(error)}`, 'call it again when that is changed')
  }
  const done = action === 'install' ? 'Installed triggers on' : 'Removed the triggers of'
  console.error(
    tables.length === 0
      ? 'There is nothing to change.'
      : `${done} ${tables.length} tables: ${tables.join(', ')}. Start the servers again, so that they know.`,
  )
}
