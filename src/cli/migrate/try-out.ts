import type { TableContent } from '../../store/migrate/migrations.ts'
import { inWords, startNeedOf } from '../../store/migrate/need.ts'
import { planSteps, type PlanRequest } from '../../store/migrate/plan/plan-steps.ts'
import type { StoreMigrations } from '../../store/store.ts'
import type { Target } from '../../store/migrate/target.ts'
import type { MigrationFile } from './migration-files.ts'

/** What is tried out, and how a file is applied and taken back. */
export interface TryOut {
  readonly target: Target
  readonly asked: PlanRequest
  readonly files: readonly MigrationFile[]
  readonly apply: (copy: StoreMigrations, file: MigrationFile) => Promise<void>
  readonly takeBack: (copy: StoreMigrations) => Promise<void>
  readonly write: (line: string) => void
}

/**
 * Applies files to a copy of a database and takes them back, and tells how long that took, what became of the tables, whether the
 * declaration then fits, and whether all rows came back. Returns false if they did not, or if the declaration does not fit.
 */
export async function tryOut(
  copy: StoreMigrations,
  { target, asked, files, apply, takeBack, write }: TryOut,
): Promise<boolean> {
  const before = await copy.contents()
  for (const file of files) {
    const was = await copy.contents()
    const begun = performance.now()
    await apply(copy, file)
    write(`${file.name}: took ${seconds(begun)}`)
    for (const line of differences(was, await copy.contents())) write(`  ${line}`)
  }
  const steps = planSteps(await copy.shape(), target, asked)
  const concerned = await copy.ask(steps, target.custom)
  const needs = steps.flatMap((step, i) => startNeedOf(step, concerned[i]!) ?? [])
  if (needs.length > 0) for (const need of needs) write(`To be decided: ${need}`)
  else steps.forEach((step, i) => write(`At the next start: ${inWords(step, concerned[i]!)}`))
  const begun = performance.now()
  for (const _ of files) await takeBack(copy)
  const lost = differences(before, await copy.contents())
  write(
    `Taking all back took ${seconds(begun)}${lost.length === 0 ? '; all rows were as before' : '; this was not as before:'}`,
  )
  for (const line of lost) write(`  ${line}`)
  return needs.length === 0 && lost.length === 0
}

const seconds = (begun: number): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`

type Contents = Readonly<Record<string, TableContent>>

function differences(was: Contents, is: Contents): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].toSorted()
  return names.flatMap(name => {
    const [before, after] = [was[name], is[name]]
    if (before === undefined) return [`table ${name}: new, with ${rowsOf(after!.rows)}`]
    if (after === undefined) return [`table ${name}: gone, it had ${rowsOf(before.rows)}`]
    if (before.digest === after.digest) return []
    return [
      `table ${name}: ${before.rows === after.rows ? rowsOf(after.rows) : `${before.rows} → ${after.rows} rows`}, changed`,
    ]
  })
}

const rowsOf = (rows: number): string => (rows === 1 ? '1 row' : `${rows} rows`)
