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
  const isPostgres = /^postgres(?:ql)?:/.test(file)
  const source = isPostgres ? await readPostgres(file) : readSource(file, { readOnly: false })
  const code = programOf(source, isPostgres ? source.file : relative('.', file))
  if (out === undefined) process.stdout.write(code)
  else {
    if (existsSync(out)) throw new Misuse(`${out} is there already`, 'name another file with --out, or remove it')
    writeFileSync(out, code, { flag: 'wx' })
    console.error(`Wrote ${out}: ${Object.keys(source.resources).length} resources. Run it: node ${out}`)
  }
}

/** The program that `restuary import` writes for a database, to be run in a folder. */
export async function importedProgram(file: string, folder: string): Promise<string> {
  return programOf(readSource(file, { readOnly: false }), relative(folder, resolve(file)))
}

/** What the tables of a PostgreSQL database declare. The text has no passwords. */
async function readPostgres(url: string): Promise<DeclaredSource> {
  const catalog = await introspectPostgres({ url })
  return {
    kind: 'postgres',
    file: url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, ''),
    ...adopt(catalog, { foreign: false }),
  }
}

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
