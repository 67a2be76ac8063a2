import { existsSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { printDeclarations } from './declarations.ts'
import { Misuse } from './misuse.ts'
import { readSource } from './source.ts'

/** `restuary import FILE`: writes the declarations of a file as TypeScript, to `out` or to standard output. */
export function importFile(file: string, options: { readonly out?: string | undefined }): void {
  const { out } = options
  const source = readSource(file, { readOnly: false })
  const notes = source.report.filter(one => one.notes.length > 0 && one.served !== 'as a relation')
  const code = printDeclarations(source.resources, {
    kind: source.kind,
    file: relative('.', file),
    notes: notes.map(
      ({ table, served, notes }) => `${table}: ${served === 'not' ? 'not served, as ' : ''}${notes.join('; ')}`,
    ),
  })
  if (out === undefined) process.stdout.write(code)
  else {
    if (existsSync(out)) throw new Misuse(`${out} is there already`, 'name another file with --out, or remove it')
    writeFileSync(out, code, { flag: 'wx' })
    console.error(`Wrote ${out}: ${Object.keys(source.resources).length} resources. Run it: node ${out}`)
  }
}
