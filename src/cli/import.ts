import { existsSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { printDeclarations } from './declarations.ts'
import { Misuse } from './misuse.ts'
import { readSource, type DataFile } from './source.ts'

/** `restuary import FILE`: writes the declarations of a file as TypeScript, to `out` or to standard output. */
export function importFile(file: string, options: { readonly out?: string | undefined }): void {
  const { out } = options
  const source = readSource(file, { readOnly: false })
  const code = programOf(source, relative('.', file))
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

/** A program that declares what a file holds, and serves it. `file` is how the program names the file. */
export function programOf({ kind, resources, report }: DataFile, file: string): string {
  const notes = report.filter(one => one.notes.length > 0 && one.served !== 'as a relation')
  return printDeclarations(resources, {
    kind,
    file,
    notes: notes.map(
      ({ table, served, notes }) => `${table}: ${served === 'not' ? 'not served, as ' : ''}${notes.join('; ')}`,
    ),
  })
}
