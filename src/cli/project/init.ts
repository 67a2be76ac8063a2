import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { Misuse } from '../misuse.ts'

/**
 * `restuary init [FOLDER]`: writes a project to begin with: a todo list with users and a page that is live. `template` is the folder
 * with its files, `version` that of this package.
 */
export function initProject(given: string, template: string, version: string): void {
  const folder = resolve(given)
  if (existsSync(folder) && readdirSync(folder).some(name => name !== '.git'))
    throw new Misuse(`${given} is not empty`, 'name a new folder: restuary init my-todo')
  cpSync(template, folder, { recursive: true })
  // npm leaves files of this name out of packages.
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'))
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const named = { ...manifest, name: nameOf(folder), dependencies: { restuary: `^${version}` } }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(named, null, 2)}\n`)
  writeFileSync(join(folder, '.env'), `SECRET=${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  const way = relative('.', folder)
  console.error(
    [
      'Made a todo list with users and a live page. Next:',
      '',
      ...(way === '' ? [] : [`  cd ${way}`]),
      '  npm install',
      '  npm run dev',
    ].join('\n'),
  )
}

/** A name that npm accepts, from that of the folder. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
  return name === '' || name === 'restuary' ? 'todo' : name
}
