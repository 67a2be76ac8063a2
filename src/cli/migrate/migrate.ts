import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect, type Inspected } from '../../inspect.ts'
import type { DataProgress, DataStep, NamedStep } from '../../store/migrate/data-step.ts'
import { decide, DecisionFault, type Decisions } from '../../store/migrate/decide.ts'
import { MigrationRefused, type Applied, type Migrations } from '../../store/migrate/migrations.ts'
import { inWords, needOf, placeOf, startNeedOf, type Concerned } from '../../store/migrate/need.ts'
import { PlanFault } from '../../store/migrate/plan-file.ts'
import { strangeFaults } from '../../store/migrate/plan/other-tables.ts'
import { planSteps, type PlanRequest } from '../../store/migrate/plan/plan-steps.ts'
import { targetOf, type Target } from '../../store/migrate/target.ts'
import type { MigrationStep } from '../../store/migrate/step.ts'
import type { StoreMigrations } from '../../store/store.ts'
import { migrationFiles, writePlanFile, type MigrationFile } from './migration-files.ts'
import { tryOut } from './try-out.ts'
import { walkRows } from './walk-rows.ts'
import { Misuse } from '../misuse.ts'

export interface MigrateCommand extends Decisions, PlanRequest {
  /** The folder of the plans. */
  readonly dir: string
  /** The name of a new plan. null = one is made of its first step. */
  readonly name: string | null
}

type Action = (migrating: Migrating, options: MigrateCommand) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = {
  plan: writeNextPlan,
  apply: applyAll,
  status: showStatus,
  down: takeBack,
  test: tryPlans,
}

/** What a module declares, and the database that it is for. */
interface Migrating {
  readonly file: string
  readonly declared: Inspected
  readonly target: Target
  readonly migrations: StoreMigrations
  readonly write: (line: string) => void
}

/** `restuary migrate ACTION MODULE`. Throws Misuse if something has to be said or decided first. */
export async function migrate(
  action: string | undefined,
  file: string | undefined,
  options: MigrateCommand,
  write: (line: string) => void = line => void process.stdout.write(`${line}\n`),
): Promise<void> {
  const run = action === undefined ? undefined : ACTIONS[action]
  if (run === undefined || file === undefined)
    throw new Misuse(
      'migrate needs an action and a module',
      'restuary migrate plan app.ts; there is plan, test, apply, status, down',
    )
  if (!existsSync(file)) throw new Misuse(`${file} is not there`, 'give the path of the module that declares the API')
  const declared = await inspect(() => import(pathToFileURL(resolve(file)).href))
  if (declared === null) throw new Misuse(`${file} makes no API`, 'write there: export const app = api({ … })')
  const { migrations } = declared.store ?? {}
  if (migrations === undefined)
    throw new Misuse(`${file} keeps its rows in a store that has no plans`, 'plans are for sqlite(…) and postgres(…)')
  const opened = await migrations.call(declared.store)
  try {
    await run({ file, declared, target: targetOf(declared.model, Date.now()), migrations: opened, write }, options)
  } catch (error) {
    if (error instanceof PlanFault || error instanceof DecisionFault)
      throw new Misuse(error.message, 'correct it there')
    throw error
  } finally {
    await opened.close()
  }
}

async function writeNextPlan(migrating: Migrating, options: MigrateCommand): Promise<void> {
  const { file, target, migrations, write } = migrating
  const pending = await pendingFiles(migrations, options.dir)
  if (pending.length > 0)
    throw new Misuse(`${pending[0]!.name} was not applied yet`, `restuary migrate apply ${file}, or remove it`)
  const faults = strangeFaults(target, await migrations.others(), placesOf(options))
  if (faults.length > 0) throw new MigrationRefused('No plan was written:', faults)
  const shape = await migrations.shape()
  const steps = decide(await stepsLeft(migrating, options), shape, options, target.custom)
  if (Object.keys(shape).length === 0)
    return write('There are no tables yet. They are made when the application starts.')
  if (steps.length === 0) return write('The database fits the declaration.')
  const concerned = await migrations.ask(steps, target.custom)
  const needs = steps.flatMap((step, i) => undecided(step, concerned[i]!, options) ?? [])
  if (needs.length > 0) throw new MigrationRefused('No plan was written. This has to be decided first:', needs)
  const words = steps.map((step, i) => inWords(step, concerned[i]!))
  const path = writePlanFile(options.dir, options.name ?? nameOf(steps), steps, words)
  write(`${relative('.', path)}:`)
  for (const line of words) write(`  ${line}`)
  write(`Look at it, and apply it: restuary migrate apply ${file}`)
}

/** The steps that are left to the declaration. Tables of other programs stay as they are. */
async function stepsLeft({ migrations, target }: Migrating, asked?: PlanRequest): Promise<MigrationStep[]> {
  const others = await migrations.others()
  return planSteps(await migrations.shape(), target, asked).filter(({ table }) => !others.has(table))
}

/** All places that somebody has named. */
const placesOf = ({ renames, drop, set, map, otherwise }: MigrateCommand): string[] => [
  ...renames.keys(),
  ...drop,
  ...[...set, ...map, ...otherwise].map(([place]) => place),
]

/** What holds data is dropped only by its name. */
function undecided(step: MigrationStep, concerned: Concerned, { drop }: PlanRequest): string | null {
  return step.do.startsWith('drop') && drop.has(placeOf(step)) ? null : needOf(step, concerned)
}

async function applyAll(migrating: Migrating, { dir }: MigrateCommand): Promise<void> {
  const files = migrationFiles(dir)
  if (files.length === 0) throw new Misuse(`There are no plans in ${dir}`, `restuary migrate plan ${migrating.file}`)
  const { migrations } = migrating
  // A database that fits the declaration before any plan was applied was made by it, and its rows need no step.
  const isNew =
    files.some(({ plan }) => plan !== null) &&
    (await migrations.applied()).length === 0 &&
    (await stepsLeft(migrating)).length === 0
  for (const file of files) {
    if (isNew && file.plan === null) {
      await migrations.note(file.name, file.digest)
      migrating.write(`${file.name}: ${TOLD.already}`)
    } else await applyFile(migrating, file)
  }
}

async function tryPlans(migrating: Migrating, options: MigrateCommand): Promise<void> {
  const { target, migrations, write } = migrating
  const files = await pendingFiles(migrations, options.dir)
  if (files.length === 0) return write('All plans were applied.')
  if (Object.keys(await migrations.shape()).length === 0) return write('There are no tables yet.')
  const copy = await migrations.copy()
  const on = (copied: StoreMigrations): Migrating => ({ ...migrating, migrations: copied })
  try {
    write('On a copy of the database:')
    for (const name of await migrations.uncopied()) write(`Not in the copy: ${name}; look whether the change suits it`)
    const isWell = await tryOut(copy, {
      target,
      asked: options,
      files,
      apply: (copied, file) => applyFile(on(copied), file),
      takeBack: copied => takeBack(on(copied), { ...options, name: null }),
      write,
    })
    if (!isWell) throw new MigrationRefused('The plans do not do what they should')
  } finally {
    await copy.close()
  }
}

/** A plan that goes through rows beside writers tells of it each time it has gone through so many. */
const TOLD_ROWS = 100_000

const TOLD = { now: 'applied', before: 'was applied before', already: 'the tables are already as it makes them' }

async function applyFile(migrating: Migrating, file: MigrationFile): Promise<void> {
  const { target, migrations, write } = migrating
  const { name, digest, plan, load } = file
  let rows = 0
  if (plan !== null) {
    const told = (done: number): void => {
      if (Math.floor(done / TOLD_ROWS) > Math.floor(rows / TOLD_ROWS)) write(`${name}: ${done} rows so far`)
      rows = done
    }
    return write(`${name}: ${TOLD[await migrations.apply(plan, target.custom, told)]}`)
  }
  const told = ({ done, total }: DataProgress): void => {
    // At most a line for each tenth.
    if (Math.floor((10 * done) / total) > Math.floor((10 * rows) / total) && done < total)
      write(`${name}: ${done} of ${total} rows`)
    rows = done
  }
  const step = await stepOf(migrating, name, load)
  const applied = (await migrations.applied()).find(one => one.name === name)
  if (applied === undefined || applied.begun !== null) await refuseUnfit(migrating, name, step)
  const how = await migrations.runData({ name, digest, step }, target.custom, told)
  write(`${name}: ${TOLD[how]}${how === 'now' ? ` to ${rows === 1 ? '1 row' : `${rows} rows`}` : ''}`)
}

/** The engine knows the tables as they are declared. @throws {MigrationRefused} if they are not. */
async function refuseUnfit(migrating: Migrating, name: string, { through }: NamedStep): Promise<void> {
  if (through === 'tables') return
  const { file, migrations, target } = migrating
  const steps = await stepsLeft(migrating)
  if (steps.length === 0) return
  const concerned = await migrations.ask(steps, target.custom)
  throw new MigrationRefused(`${name} goes through the engine, but the database is not as ${file} declares it yet:`, [
    ...steps.map((step, i) => inWords(step, concerned[i]!)),
    'Write a plan for that with a lower number, or run the step with the release whose declaration fits the database here',
  ])
}

/** The step of a file, with what carries it out. */
async function stepOf(migrating: Migrating, name: string, load: () => Promise<DataStep>): Promise<NamedStep> {
  const { declared, migrations, write } = migrating
  const step = await load()
  if (step.through === 'tables') return step
  return {
    ...step,
    walk: async walk => {
      const { isCopy } = migrations
      if (isCopy) write(`${name}: hooks run for the copy as well, and what they do elsewhere is not taken back`)
      const api = await declared.open(migrations.store(), isCopy)
      try {
        await walkRows(api, step, walk)
      } finally {
        await api.close()
      }
    },
  }
}

async function takeBack(migrating: Migrating, { name, dir }: MigrateCommand): Promise<void> {
  const { target, migrations, write } = migrating
  const last = (await migrations.applied()).at(-1)
  if (last === undefined) throw new Misuse('No plan was applied', 'nothing can be taken back')
  const file = last.isData ? migrationFiles(dir).find(one => one.name === last.name) : undefined
  const step = file?.load ? await stepOf(migrating, file.name, file.load) : null
  if (step !== null && step.back !== null) await refuseUnfit(migrating, last.name, step)
  await migrations.down(name ?? last.name, target.custom, step)
  write(`${last.name}: taken back${last.isData && step?.back == null ? '; the rows stay as they are' : ''}`)
}

async function showStatus(migrating: Migrating, options: MigrateCommand): Promise<void> {
  const { target, migrations, write } = migrating
  const files = migrationFiles(options.dir)
  const applied = await migrations.applied()
  for (const one of applied) write(`${one.name}: ${stateOf(one, files)}`)
  const pending = await pendingFiles(migrations, options.dir)
  for (const { name } of pending) write(`${name}: not applied yet`)
  if (pending.length > 0) return
  const steps = await stepsLeft(migrating, options)
  const concerned = await migrations.ask(steps, target.custom)
  if (steps.length === 0) write('The database fits the declaration.')
  steps.forEach((step, i) => {
    const need = startNeedOf(step, concerned[i]!)
    write(need === null ? `At the next start: ${inWords(step, concerned[i]!)}` : `To be decided: ${need}`)
  })
}

function stateOf({ name, digest, at, begun }: Applied, files: readonly MigrationFile[]): string {
  const file = files.find(one => one.name === name)
  const note =
    file === undefined ? ', but its file is gone' : file.digest === digest ? '' : ', but its file was edited since'
  const when = new Date(at).toISOString()
  if (begun === null) return `applied ${when}${note}`
  return `${begun.way === 'back' ? 'being taken back' : `begun ${when}`}, ${begun.done} rows so far${note}`
}

/** What was not applied, or not to its end. */
async function pendingFiles(migrations: Migrations, dir: string): Promise<MigrationFile[]> {
  const ended = new Set((await migrations.applied()).filter(({ begun }) => begun === null).map(({ name }) => name))
  return migrationFiles(dir).filter(({ name }) => !ended.has(name))
}

/** A name for a file: `rename-column-todo-title`. */
function nameOf(steps: readonly MigrationStep[]): string {
  const step = steps.find(one => !one.do.endsWith('index')) ?? steps[0]!
  return `${step.do} ${placeOf(step)}`.replaceAll(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()
}
