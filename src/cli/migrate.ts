import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from '../inspect.ts'
import { decide, DecisionFault, type Decisions } from '../store/migrate/decide.ts'
import { MigrationRefused, type Migrations } from '../store/migrate/migrations.ts'
import { inWords, needOf, placeOf, startNeedOf, type Concerned } from '../store/migrate/need.ts'
import { planDigest, PlanFault, readPlan, writePlan, type Plan } from '../store/migrate/plan-file.ts'
import { planSteps, type PlanRequest } from '../store/migrate/plan-steps.ts'
import { targetOf, type Target } from '../store/migrate/target.ts'
import type { MigrationStep } from '../store/migrate/step.ts'
import { Misuse } from './misuse.ts'

export interface MigrateCommand extends Decisions, PlanRequest {
  /** The folder of the plans. */
  readonly dir: string
  /** The name of a new plan. null = one is made of its first step. */
  readonly name: string | null
}

type Action = (migrating: Migrating, options: MigrateCommand) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = {
  plan: writeNextPlan,
  apply: applyPlans,
  status: showStatus,
  down: takeBack,
}

/** What a module declares, and the database that it is for. */
interface Migrating {
  readonly file: string
  readonly target: Target
  readonly migrations: Migrations
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
      'restuary migrate plan app.ts; there is plan, apply, status, down',
    )
  if (!existsSync(file)) throw new Misuse(`${file} is not there`, 'give the path of the module that declares the API')
  const declared = await inspect(() => import(pathToFileURL(resolve(file)).href))
  if (declared === null) throw new Misuse(`${file} makes no API`, 'write there: export const app = api({ … })')
  const { migrations } = declared.store ?? {}
  if (migrations === undefined)
    throw new Misuse(`${file} keeps its rows in a store that has no plans`, 'plans are for sqlite(…) so far')
  const opened = await migrations.call(declared.store)
  try {
    await run({ file, target: targetOf(declared.model, Date.now()), migrations: opened, write }, options)
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
  const pending = await pendingPlans(migrations, options.dir)
  if (pending.length > 0)
    throw new Misuse(`${pending[0]!.name} was not applied yet`, `restuary migrate apply ${file}, or remove it`)
  const shape = await migrations.shape()
  const steps = decide(planSteps(shape, target, options), shape, options, target.custom)
  if (Object.keys(shape).length === 0)
    return write('There are no tables yet. They are made when the application starts.')
  if (steps.length === 0) return write('The database fits the declaration.')
  const concerned = await migrations.ask(steps, target.custom)
  const needs = steps.flatMap((step, i) => undecided(step, concerned[i]!, options) ?? [])
  if (needs.length > 0) throw new MigrationRefused('No plan was written. This has to be decided first:', needs)
  const words = steps.map((step, i) => inWords(step, concerned[i]!))
  mkdirSync(options.dir, { recursive: true })
  const path = join(options.dir, `${nextNumber(options.dir)}-${options.name ?? nameOf(steps)}.json`)
  writeFileSync(path, writePlan(steps, words), { flag: 'wx' })
  write(`${relative('.', path)}:`)
  for (const line of words) write(`  ${line}`)
  write(`Look at it, and apply it: restuary migrate apply ${file}`)
}

/** What holds data is dropped only by its name. */
function undecided(step: MigrationStep, concerned: Concerned, { drop }: PlanRequest): string | null {
  return step.do.startsWith('drop') && drop.has(placeOf(step)) ? null : needOf(step, concerned)
}

async function applyPlans({ file, target, migrations, write }: Migrating, { dir }: MigrateCommand): Promise<void> {
  const plans = plansIn(dir)
  if (plans.length === 0) throw new Misuse(`There are no plans in ${dir}`, `restuary migrate plan ${file}`)
  const told = { now: 'applied', before: 'was applied before', already: 'the tables are already as it makes them' }
  for (const plan of plans) write(`${plan.name}: ${told[await migrations.apply(plan, target.custom)]}`)
}

async function takeBack({ target, migrations, write }: Migrating, { name }: MigrateCommand): Promise<void> {
  const last = (await migrations.applied()).at(-1)
  if (last === undefined) throw new Misuse('No plan was applied', 'nothing can be taken back')
  await migrations.down(name ?? last.name, target.custom)
  write(`${last.name}: taken back`)
}

async function showStatus({ target, migrations, write }: Migrating, options: MigrateCommand): Promise<void> {
  const plans = plansIn(options.dir)
  const applied = await migrations.applied()
  for (const { name, digest, at } of applied) {
    const plan = plans.find(one => one.name === name)
    const note =
      plan === undefined
        ? ', but its file is gone'
        : planDigest(plan) === digest
          ? ''
          : ', but its file was edited since'
    write(`${name}: applied ${new Date(at).toISOString()}${note}`)
  }
  const pending = await pendingPlans(migrations, options.dir)
  for (const { name } of pending) write(`${name}: not applied yet`)
  if (pending.length > 0) return
  const steps = planSteps(await migrations.shape(), target, options)
  const concerned = await migrations.ask(steps, target.custom)
  if (steps.length === 0) write('The database fits the declaration.')
  steps.forEach((step, i) => {
    const need = startNeedOf(step, concerned[i]!)
    write(need === null ? `At the next start: ${inWords(step, concerned[i]!)}` : `To be decided: ${need}`)
  })
}

async function pendingPlans(migrations: Migrations, dir: string): Promise<Plan[]> {
  const applied = new Set((await migrations.applied()).map(({ name }) => name))
  return plansIn(dir).filter(({ name }) => !applied.has(name))
}

/** The plans of a folder in the order of their names, which begin with numbers. */
function plansIn(dir: string): Plan[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter(name => name.endsWith('.json'))
    .toSorted()
    .map(name => readPlan(name.replace(/\.json$/, ''), readFileSync(join(dir, name), 'utf8')))
}

function nextNumber(dir: string): string {
  const numbers = plansIn(dir).map(({ name }) => Number.parseInt(name, 10) || 0)
  return String(Math.max(0, ...numbers) + 1).padStart(4, '0')
}

/** A name for a file: `rename-column-todo-title`. */
function nameOf(steps: readonly MigrationStep[]): string {
  const step = steps.find(one => !one.do.endsWith('index')) ?? steps[0]!
  return `${step.do} ${placeOf(step)}`.replaceAll(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()
}
