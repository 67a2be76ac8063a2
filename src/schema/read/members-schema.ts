import type { Issue } from '../../protocol/error.ts'
import { moved } from '../standard/field-schema.ts'
import { Rejected, type Schema } from '../schema.ts'
import type { Ctx } from '../field.ts'
import { jsonMode, textMode, type InputMode } from './input-mode.ts'
import { membersCode } from './members-code.ts'
import { memberOf } from './member-of.ts'
import { parseJsonText } from './parse-json.ts'
import { Refused } from './refused.ts'

/**
 * The schema of an object with exactly these members. It reports all faults at once, unknown members last. Plain data that
 * needs no change is returned as it is. Otherwise the result is a new object with the members in declared order.
 */
export function membersSchema(declared: unknown, members: ReadonlyMap<string, Schema>): Schema {
  const names = [...members.keys()]
  const take = (value: Members, mode: InputMode, ctx: Ctx): unknown => {
    const taken: unknown[] = []
    let known = 0
    for (const [name, schema] of members) {
      const has = Object.hasOwn(value, name)
      if (has) known++
      taken.push(schema.input(has ? value[name] : undefined, mode, ctx))
    }
    let present = 0
    // oxlint-disable-next-line no-unused-vars -- counting makes no list of the names
    for (const _ in value) present++
    const unknown = present > known ? strangers(value, members, mode === textMode) : none
    return assembled(taken, names, unknown)
  }
  const shape = (value: Members, ctx: Ctx): unknown => {
    const plain = isPlain(value)
    const taken = Array.from(members, ([name, schema]) => {
      const member = plain ? (Object.hasOwn(value, name) ? value[name] : undefined) : memberOf(value, name)
      return schema.output(member, ctx)
    })
    return assembled(taken, names, none)
  }
  const takeExact = membersCode(members, 'input', (value, ctx) => take(value as Members, jsonMode, ctx))
  const shapeExact = membersCode(members, 'output', (value, ctx) => shape(value as Members, ctx))
  return {
    kind: 'members',
    declared,
    members,
    input: (given, readAs, ctx) => {
      const [value, mode] = parsed(given, readAs)
      if (!isObject(value)) return notAnObject()
      return mode === jsonMode && isPlain(value) ? takeExact(value, ctx) : take(value, mode, ctx)
    },
    output: (value, ctx) => {
      if (!isObject(value)) return notAnObject()
      return isPlain(value) ? shapeExact(value, ctx) : shape(value, ctx)
    },
  }
}

/** The schema of a list whose items have the same schema. */
export function listSchema(declared: unknown, item: Schema): Schema {
  const each = (value: unknown, take: (one: unknown) => unknown): unknown => {
    if (!Array.isArray(value)) return new Rejected([{ code: 'type', pointer: '#', detail: 'must be a list' }])
    const taken = value.map(take)
    return isWaiting(taken) ? Promise.all(taken).then(listed) : listed(taken)
  }
  return {
    kind: 'list',
    declared,
    item,
    input: (given, readAs, ctx) => {
      const [value, mode] = parsed(given, readAs)
      // A query or form with a single item does not tell that it is one of a list.
      return each(typeof value === 'string' ? [value] : value, one => item.input(one, mode, ctx))
    },
    output: (value, ctx) => each(value, one => item.output(one, ctx)),
  }
}

/** Objects and lists within a query or a form are JSON. */
function parsed(value: unknown, mode: InputMode): readonly [value: unknown, mode: InputMode] {
  if (mode !== textMode || typeof value !== 'string' || !/^\s*[[{]/.test(value)) return [value, mode]
  const read = parseJsonText(value)
  return read instanceof Refused ? [value, mode] : [read, jsonMode]
}

const none: readonly Issue[] = Object.freeze([])

type Members = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether an object has no class, so that all its getters are its own. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function notAnObject(): Rejected {
  return new Rejected([{ code: 'type', pointer: '#', detail: 'must be an object' }])
}

function isWaiting(taken: readonly unknown[]): boolean {
  for (let i = 0; i < taken.length; i++) if (taken[i] instanceof Promise) return true
  return false
}

/** Puts an object together. Returns a promise only if one of its members is a promise. */
function assembled(taken: readonly unknown[], names: readonly string[], unknown: readonly Issue[]): unknown {
  return isWaiting(taken)
    ? Promise.all(taken).then(results => gathered(results, names, unknown))
    : gathered(taken, names, unknown)
}

function gathered(results: readonly unknown[], names: readonly string[], unknown: readonly Issue[]): unknown {
  const out: Record<string, unknown> = {}
  let issues: Issue[] | null = null
  for (const [i, name] of names.entries()) {
    const result = results[i]
    if (result instanceof Rejected) (issues ??= []).push(...moved(result.issues, name))
    else out[name] = result
  }
  return issues === null && unknown.length === 0 ? out : new Rejected([...(issues ?? none), ...unknown])
}

function listed(results: readonly unknown[]): unknown {
  if (!results.some(result => result instanceof Rejected)) return results
  const issues = results.flatMap((result, i) => (result instanceof Rejected ? moved(result.issues, i) : []))
  return new Rejected(issues)
}

function strangers(value: object, members: ReadonlyMap<string, Schema>, text: boolean): readonly Issue[] {
  const code = text ? 'unknown_param' : 'unknown_field'
  return Object.keys(value)
    .filter(name => !members.has(name))
    .flatMap(name => moved([{ code, pointer: '#', detail: 'is not known here' }], name))
}
