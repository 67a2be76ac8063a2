// node bench/schema.ts [--rounds=9]: validating and serialising an object of six fields in each notation against Ajv, and
// how long a thousand schema texts take to compile.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import type { Ajv as AjvClass } from 'ajv'
import { restactionNotation } from '../src/dialects/restaction/notation.ts'
import { compileSchema } from '../src/schema/standard/compile-schema.ts'
import { Rejected, type Schema } from '../src/schema/schema.ts'
import { median } from './report.ts'
import { orderInputs, orderJson } from './servers/order.ts'
import { jsonMode } from '../src/schema/read/input-mode.ts'

/** Times Ajv's rate that each notation has to reach, and milliseconds for a thousand texts. */
const FLOOR = 0.8
const COMPILED = 200
/** Objects in one round. */
const OBJECTS = 200_000

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } })
const rounds = Number(values.rounds)

const { Ajv } = createRequire(import.meta.url)('ajv') as { Ajv: typeof AjvClass }
const addFormats = createRequire(import.meta.url)('ajv-formats') as (ajv: AjvClass) => void
const ajv = new Ajv()
addFormats(ajv)
const isOrder = ajv.compile(orderJson)

const orders = Array.from({ length: 100 }, (_, i) => ({
  customer: i + 1,
  email: `ann${i}@example.com`,
  note: `Leave it at door ${i}, please`,
  express: i % 2 === 0,
  price: i * 12.5,
  tags: ['gift', `fragile ${i}`],
}))
const ctx = { me: null, auth: {}, now: 0 }

function byAjv(order: unknown): string {
  if (!isOrder(order)) throw new Error('Ajv refuses')
  return JSON.stringify(order)
}

function bySchema(schema: Schema): (order: unknown) => string {
  return order => {
    const taken = schema.input(order, jsonMode, ctx)
    if (taken instanceof Rejected) throw new Error(taken.issues[0]!.detail)
    return JSON.stringify(taken)
  }
}

const contenders = new Map<string, (order: unknown) => string>([['ajv', byAjv]])
for (const [name, declared] of Object.entries(orderInputs)) contenders.set(name, bySchema(schemaOf(declared)))
contenders.set('zod by itself', order => JSON.stringify(orderInputs.zod.parse(order)))
const lowest = new Map<string, number>()
for (const run of contenders.values()) cost(run)
for (let i = 0; i < rounds; i++)
  for (const [name, run] of contenders) lowest.set(name, Math.min(lowest.get(name) ?? Infinity, cost(run)))

const yardstick = lowest.get('ajv')!
console.log(`An object of six fields, validated and serialised; lowest of ${rounds} rounds:`)
for (const [name, nanoseconds] of lowest) {
  const times = yardstick / nanoseconds
  // The time of a library that the application chose is not ours.
  const isOurs = name === 'fields' || name === 'text'
  const verdict =
    name === 'ajv' ? '' : `  ${times.toFixed(2)} x Ajv${isOurs && times < FLOOR ? ', BELOW THE FLOOR' : ''}`
  console.log(`  ${name.padEnd(13)} ${nanoseconds.toFixed(0).padStart(6)} ns${verdict}`)
}

const compiled = median(Array.from({ length: rounds }, compileThousand))
console.log(`A thousand schema texts: ${compiled.toFixed(0)} ms${compiled > COMPILED ? ', ABOVE THE LIMIT' : ''}`)

/** Nanoseconds of processor time an object. */
function cost(run: (order: unknown) => string): number {
  let length = 0
  const before = process.cpuUsage()
  for (let i = 0; i < OBJECTS; i++) length += run(orders[i % orders.length]).length
  const { user, system } = process.cpuUsage(before)
  if (length < OBJECTS) throw new Error('nothing was written')
  return ((user + system) * 1000) / OBJECTS
}

function compileThousand(): number {
  const since = performance.now()
  // Each schema differs from the others; otherwise results for one could be reused for all.
  for (let i = 0; i < 1_000; i++) schemaOf({ ...orderInputs.text, [`extra${i}?int(0,${i})&optional`]: 'more' })
  return performance.now() - since
}

function schemaOf(declared: unknown): Schema {
  const note = (place: string, problem: string): never => {
    throw new Error(`${place}: ${problem}`)
  }
  const scope = restactionNotation().api(null, note)
  return compileSchema(declared, { place: 'order.input', scope, idTypeOf: () => null, note })!
}
