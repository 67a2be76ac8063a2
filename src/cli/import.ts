import { existsSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { printDeclarations } from './declarations.ts'
import { Misuse } from './misuse.ts'
import { adopt, type Adoption } from '../store/sql/tables/adopt.ts'
import { introspectPostgres } from '../store/postgres/schema/introspect.ts'
import { readSource } from './source.ts'

/** `restuary import SOURCE`: writes the declarations of a file or a database as TypeScript, to `out` or to standard output. */
export async function importFile(file: string, options: { readonly out?: string | undefined }): Promise<void> {
  const { out } = options
  const source = await readDeclared(file)
  const code = programIn('.', source)
  if (out === undefined) process.stdout.write(code)
  else {
    if (existsSync(out)) throw new Misuse(`${out} is there already`, 'name another file with --out, or remove it')
    writeFileSync(out, code, { flag: 'wx' })
    console.error(`Wrote ${out}: ${Object.keys(source.resources).length} resources. Run it: node ${out}`)
  }
}

/** What a file or a database declares: the name of a SQLite or a JSON file, or a connection string of PostgreSQL. */
export async function readDeclared(source: string): Promise<DeclaredSource> {
  return /^postgres(?:ql)?:/.test(source) ? readPostgres(source) : readSource(source, { readOnly: false })
}

/** The program that `restuary import` writes, to be run in a folder. */
export function programIn(folder: string, source: DeclaredSource): string {
  return programOf(source, source.kind === 'postgres' ? source.file : relative(folder, resolve(source.file)))
}

/** What the tables of a PostgreSQL database declare. The text has no passwords. */
async function readPostgres(url: string): Promise<DeclaredSource> {
  const file = url.replace(/\/\/.*@/, '//').replace(/\?.*$/, '')
  try {
    return { kind: 'postgres', file, ...adopt(await introspectPostgres({ url }), { foreign: false }) }
  } catch (error) {
    if (error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND')
      throw new Misuse('PostgreSQL needs the package pg', `install it: npx -p restuary -p pg restuary import ${file}`)
    throw new Misuse(
      `${file} cannot be read: ${reasonOf(error)}`,
      'check the address, and whether psql can connect to it',
    )
  }
}

/** Of several addresses of one host, each may have a reason of its own. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(reasonOf).join(', ') : error instanceof Error ? error.message : ''

/** What declarations are made of. */
export interface DeclaredSource extends Adoption {
  readonly kind: 'sqlite' | 'json' | 'postgres'
  readonly file: string
}

/** A program that declares what a file holds, and serves it. `file` is how the program names the file. */
export function programOf({ kind, resources, report }: DeclaredSource, file: string): string {
  const notes = report.filter(one => one.notes.length > 0 && one.served !== 'as a relation')
  return printDeclarations(resources, {
    kind,
    file,
    notes: notes.map(
      ({ table, served, notes }) => `${table}: ${served === 'not' ? 'not served, as ' : ''}${notes.join('; ')}`,
    ),
  })
}
