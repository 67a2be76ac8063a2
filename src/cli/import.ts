import { existsSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { printDeclarations } from './declarations.ts'
import { Misuse } from './misuse.ts'
import { isPostgres, readPostgres, shownUrl } from './database/postgres-source.ts'
import { readSource, type DataSource } from './source.ts'

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
export async function readDeclared(source: string): Promise<DataSource> {
  if (!isPostgres(source)) return readSource(source, { readOnly: false })
  // The text has no passwords.
  return { ...(await readPostgres(source, { readOnly: false })), file: shownUrl(source) }
}

/** The program that `restuary import` writes, to be run in a folder. */
export function programIn(folder: string, source: DataSource): string {
  return programOf(source, source.kind === 'postgres' ? source.file : relative(folder, resolve(source.file)))
}

/** A program that declares what a file holds, and serves it. `file` is how the program names the file. */
export function programOf({ kind, resources, report }: DataSource, file: string): string {
  const notes = report.filter(one => one.notes.length > 0 && one.served !== 'as a relation')
  return printDeclarations(resources, {
    kind,
    file,
    notes: notes.map(
      ({ table, served, notes }) => `${table}: ${served === 'not' ? 'not served, as ' : ''}${notes.join('; ')}`,
    ),
  })
}
