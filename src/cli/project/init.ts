import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { programIn, readDeclared } from '../import.ts'
import { Misuse } from '../misuse.ts'

/** What a new project is made of. */
export interface InitOptions {
  /** A page in React, built by Vite, in place of one without a build. */
  readonly react: boolean
  /** The file or the PostgreSQL database to declare, in place of the todo list. */
  readonly from: string | undefined
  /** The folder of this package, which has the templates. */
  readonly packageFolder: string
  /** The version of this package. */
  readonly version: string
}

/** `restuary init [FOLDER]`: writes a project to begin with: a todo list with users and a page that is live, or a database as an API. */
export async function initProject(given: string, options: InitOptions): Promise<void> {
  const { react, from, packageFolder, version } = options
  const folder = resolve(given)
  if (react && from !== undefined)
    throw new Misuse(
      '--react and --from exclude each other',
      'begin with one: restuary init my-shop --from shop.sqlite',
    )
  if (existsSync(folder) && readdirSync(folder).some(name => name !== '.git'))
    throw new Misuse(`${given} is not empty`, 'name a new folder: restuary init my-todo')
  // It may be refused, and then nothing has been written.
  const source = from === undefined ? null : await readDeclared(from)
  const template = join(packageFolder, 'template')
  if (source === null) cpSync(template, folder, { recursive: true })
  else {
    mkdirSync(folder, { recursive: true })
    for (const name of ['gitignore', 'package.json', 'tsconfig.json']) cpSync(join(template, name), join(folder, name))
    writeFileSync(join(folder, 'server.ts'), programIn(folder, source))
  }
  if (react) {
    for (const name of ['index.html', 'page.js']) rmSync(join(folder, 'public', name))
    cpSync(join(packageFolder, 'template-react'), folder, { recursive: true })
  }
  // npm leaves files of this name out of packages.
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'))
  const manifest = readManifest(folder)
  const { pg } = readManifest(packageFolder).peerDependencies
  const dependencies = {
    ...manifest.dependencies,
    ...(source?.kind === 'postgres' && { pg }),
    restuary: `^${version}`,
  }
  const named = { ...manifest, name: nameOf(folder), dependencies }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(named, null, 2)}\n`)
  const environment = [
    `SECRET=${randomBytes(32).toString('base64url')}`,
    // In quotes, because # begins a comment there.
    ...(source?.kind === 'postgres' ? [`DATABASE_URL='${from!.replaceAll("'", '%27')}'`] : []),
  ]
  writeFileSync(join(folder, '.env'), `${environment.join('\n')}\n`, { mode: 0o600 })
  const way = relative('.', folder)
  console.error(
    [
      source === null
        ? `Made a todo list with users and a live page${react ? ' in React' : ''}. Next:`
        : `Made server.ts, which declares what ${source.file} has. Next:`,
      '',
      ...(way === '' ? [] : [`  cd ${way}`]),
      '  npm install',
      '  npm run dev',
    ].join('\n'),
  )
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** A name that npm accepts, from that of the folder. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
  return name === '' || name === 'restuary' ? 'todo' : name
}
