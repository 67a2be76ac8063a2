import { writeFileSync } from 'node:fs'
import { Misuse } from './misuse.ts'

/** Writes a text to a file, or to standard output if no file is named. */
export function writeOutput(text: string, out: string | undefined): void {
  if (out === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(out, text)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw new Misuse(`${out} cannot be written (${code})`, 'name a file in a directory that is there')
  }
  console.error(`Written to ${out}`)
}
