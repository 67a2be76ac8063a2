import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from '../../inspect.ts'
import { copyStore, CopyFault } from '../../store/copy/copy-store.ts'
import { postgres } from '../../store/postgres/index.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import { Misuse } from '../misuse.ts'

const EXAMPLE = 'restuary copy sqlite:shop.db postgres://me@localhost/shop app.ts'

/** `restuary copy FROM TO MODULE`: copies the rows of an application from one database to another. */
export async function copyDatabase(places: readonly string[], write: (line: string) => void): Promise<void> {
  const [source, target, file] = places
  if (source === undefined || target === undefined || file === undefined || places.length > 3)
    throw new Misuse('copy takes two databases and the module that declares what they hold', EXAMPLE)
  if (source === target) throw new Misuse('both databases are the same', EXAMPLE)
  if (!existsSync(file)) throw new Misuse(`${file} is not there`, 'give the path of the module that declares the API')
  const declared = await inspect(() => import(pathToFileURL(resolve(file)).href))
  if (declared === null) throw new Misuse(`${file} makes no API`, 'write there: export const app = api({ … })')
  const { model } = declared
  const [from, to] = [storeOf(source, true), storeOf(target, false)]
  const environment: StoreEnvironment = {
    clock: Date.now,
    random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
    report: () => {},
  }
  try {
    await from.open(model, environment)
    await to.open(model, environment)
    await copyStore({ model, from, to, report: write })
  } catch (error) {
    if (error instanceof CopyFault) throw new Error(error.message, { cause: error })
    throw error
  } finally {
    await from.close()
    await to.close()
  }
}

function storeOf(place: string, isSource: boolean): Store {
  if (/^postgres(?:ql)?:/.test(place)) return postgres(place)
  const file = /^sqlite:(.+)$/.exec(place)?.[1]
  if (file === undefined) throw new Misuse(`${place} names no database`, EXAMPLE)
  if (isSource && !existsSync(file)) throw new Misuse(`There is no file ${file}`, 'check the path')
  return sqlite(file, { readOnly: isSource })
}
