import { createHash } from 'node:crypto'
import { canonicalJson } from '../../protocol/canonical-json.ts'
import type { MigrationStep } from './step.ts'

/** A reviewed plan: its name, and the steps that lead from one shape of a database to the next. */
export interface Plan {
  readonly name: string
  readonly steps: readonly MigrationStep[]
}

/** Thrown if a file is no plan. */
export class PlanFault extends Error {
  override readonly name = 'PlanFault'
}

/** The version of the format. */
const FORMAT = 1

/** Writes a plan as the text of a file. `says` has each step in words, for those who review it. */
export function writePlan(steps: readonly MigrationStep[], says: readonly string[]): string {
  const lines = steps.map((step, i) => ({ says: says[i]!, ...step }))
  return `${JSON.stringify({ restuary: FORMAT, steps: lines }, null, 2)}\n`
}

const MEMBERS: Readonly<Record<MigrationStep['do'], readonly string[]>> = {
  'create table': ['table', 'as'],
  'drop table': ['table', 'as'],
  'rename table': ['table', 'to', 'resource'],
  'add column': ['table', 'column', 'as'],
  'drop column': ['table', 'column', 'as'],
  'copy links': ['table', 'column', 'join', 'owner', 'other', 'way'],
  'copy pairs': ['table', 'join', 'columns', 'way', 'values', 'lacking'],
  'rename column': ['table', 'column', 'to', 'field'],
  'change column': ['table', 'column', 'from', 'to'],
  'add index': ['table', 'index', 'columns', 'unique'],
  'drop index': ['table', 'index', 'columns', 'unique'],
}

/** Members that a step may have beside those that it must have. */
const OPTIONAL: readonly string[] = ['do', 'says', 'value', 'values', 'otherwise', 'missing', 'back', 'moved', 'keep']

/** Reads the text of a file. @throws {PlanFault} that says what is wrong, and where. */
export function readPlan(name: string, text: string): Plan {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    throw new PlanFault(`${name} is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  const { restuary, steps } = (read ?? {}) as { restuary?: unknown; steps?: unknown }
  if (restuary !== FORMAT || !Array.isArray(steps))
    throw new PlanFault(`${name} is no plan: it must have "restuary": ${FORMAT} and a list of "steps"`)
  return { name, steps: (steps as unknown[]).map((step, i) => readStep(step, `${name}, step ${i + 1}`)) }
}

function readStep(read: unknown, place: string): MigrationStep {
  const { says: _, ...step } = (read ?? {}) as Readonly<Record<string, unknown>>
  const word = step['do']
  if (typeof word !== 'string' || !Object.hasOwn(MEMBERS, word))
    throw new PlanFault(`${place}: "do" is one of ${Object.keys(MEMBERS).join(', ')}`)
  const needed = MEMBERS[word as MigrationStep['do']]
  const missing = needed.find(member => step[member] === undefined)
  if (missing !== undefined) throw new PlanFault(`${place}: "${missing}" is missing`)
  const strange = Object.keys(step).find(member => !needed.includes(member) && !OPTIONAL.includes(member))
  if (strange !== undefined) throw new PlanFault(`${place}: a step "${word}" has no member "${strange}"`)
  return step as unknown as MigrationStep
}

/** A digest of what a plan does. Its layout and its words do not count. */
export function planDigest({ steps }: Plan): string {
  return createHash('sha256').update(canonicalJson(steps)).digest('base64url')
}
