import { existsSync, readdirSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Api } from '../api.ts'
import { Misuse } from './misuse.ts'

const MODULES = new Set(['.ts', '.mts', '.js', '.mjs'])

/**
 * `restuary seed MODULE`: opens the API of a module, calls the default export of each module in the folder of the seeds, in the order
 * of their names, and closes it. Throws Misuse if one of them is not there.
 */
export async function seed(
  file: string,
  dir: string,
  write: (line: string) => void = line => void process.stdout.write(`${line}\n`),
): Promise<void> {
  if (!existsSync(file)) throw new Misuse(`${file} is not there`, 'give the path of the module that declares the API')
  const seeds = existsSync(dir)
    ? readdirSync(dir)
        .filter(name => MODULES.has(extname(name)) && !name.endsWith('.d.ts'))
        .toSorted()
    : []
  if (seeds.length === 0)
    throw new Misuse(`There are no seeds in ${dir}`, `write there: export default async app => { … }`)
  const { app } = (await load(file)) as { readonly app?: Api }
  if (typeof app?.ready !== 'function')
    throw new Misuse(`${file} exports no API`, 'write: export const app = api({ … })')
  try {
    await app.ready()
    for (const name of seeds) {
      const { default: run } = (await load(join(dir, name))) as { readonly default?: unknown }
      if (typeof run !== 'function')
        throw new Misuse(`${join(dir, name)} has no seed`, 'write: export default async app => { … }')
      await (run as (app: Api) => Promise<void>)(app)
      write(`${name}: done`)
    }
  } finally {
    await app.close()
  }
}

const load = (path: string): Promise<unknown> => import(pathToFileURL(resolve(path)).href)
