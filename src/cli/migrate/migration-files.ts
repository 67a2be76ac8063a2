import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { dataStepFault, type DataStep } from '../../store/migrate/data-step.ts'
import { planDigest, PlanFault, readPlan, writePlan, type Plan } from '../../store/migrate/plan-file.ts'
import type { MigrationStep } from '../../store/migrate/step.ts'

/** A file of the folder of migrations: a plan, or a module with a data step. */
export type MigrationFile =
  | { readonly name: string; readonly digest: string; readonly plan: Plan; readonly load: null }
  | { readonly name: string; readonly digest: string; readonly plan: null; readonly load: () => Promise<DataStep> }

const MODULES = new Set(['.ts', '.mts', '.js', '.mjs'])

/** The files of a folder in the order of their names, which begin with numbers. @throws {PlanFault} if one cannot be read. */
export function migrationFiles(dir: string): MigrationFile[] {
  if (!existsSync(dir)) return []
  const files = readdirSync(dir)
    .filter(file => /^\d/.test(file) && !file.endsWith('.d.ts'))
    .filter(file => file.endsWith('.json') || MODULES.has(extname(file)))
    .toSorted()
  const read = files.map(file => readFile(join(dir, file), file.slice(0, -extname(file).length)))
  const twice = read.find(({ name }, i) => read.findIndex(one => one.name === name) < i)
  if (twice !== undefined) throw new PlanFault(`there are two files called ${twice.name} in ${dir}`)
  return read
}

function readFile(path: string, name: string): MigrationFile {
  const text = readFileSync(path, 'utf8')
  if (path.endsWith('.json')) {
    const plan = readPlan(name, text)
    return { name, digest: planDigest(plan), plan, load: null }
  }
  const digest = createHash('sha256').update(text).digest('base64url')
  return { name, digest, plan: null, load: () => loadStep(path, digest) }
}

/** Loads the module that has this digest, also if another version of it was loaded before. */
async function loadStep(path: string, digest: string): Promise<DataStep> {
  const module = (await import(`${pathToFileURL(resolve(path)).href}?${digest}`)) as { readonly default?: unknown }
  const fault = dataStepFault(module.default)
  if (fault !== null) throw new PlanFault(`${path} ${fault}`)
  return module.default as DataStep
}

/** Writes a plan under the next number, and returns its path. */
export function writePlanFile(
  dir: string,
  name: string,
  steps: readonly MigrationStep[],
  words: readonly string[],
): string {
  mkdirSync(dir, { recursive: true })
  const numbers = migrationFiles(dir).map(file => Number.parseInt(file.name, 10) || 0)
  const number = String(Math.max(0, ...numbers) + 1).padStart(4, '0')
  const path = join(dir, `${number}-${name}.json`)
  writeFileSync(path, writePlan(steps, words), { flag: 'wx' })
  return path
}
