import { existsSync } from 'node:fs'
import { changeTriggers } from '../../store/postgres/schema/triggers.ts'
import { changeFileTriggers } from '../../store/sqlite/schema/triggers.ts'
import { Misuse } from '../misuse.ts'
import { isPostgres, reasonOf, shownUrl } from './postgres-source.ts'

/** `restuary triggers install|remove SOURCE`: whether what other programs write is recorded in the log. */
export async function triggers(action: string | undefined, source: string | undefined): Promise<void> {
  if ((action !== 'install' && action !== 'remove') || source === undefined)
    throw new Misuse(
      'triggers needs an action and a database',
      'restuary triggers install shop.db, or postgres://me@localhost/shop; there is install, remove',
    )
  const isFile = !isPostgres(source)
  if (isFile && !existsSync(source)) throw new Misuse(`there is no file ${source}`, 'name a SQLite file')
  let tables: readonly string[]
  try {
    tables = isFile ? changeFileTriggers(source, action) : await changeTriggers({ url: source }, action)
  } catch (error) {
    throw new Misuse(`${shownUrl(source)} stays as it is: ${reasonOf(error)}`, 'call it again when that is changed')
  }
  const done = action === 'install' ? 'Installed triggers on' : 'Removed the triggers of'
  console.error(
    tables.length === 0
      ? 'There is nothing to change.'
      : `${done} ${tables.join(', ')}.${isFile ? '' : ' Start the servers again, so that they know.'}`,
  )
}
