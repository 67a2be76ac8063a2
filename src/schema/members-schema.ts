import type { Issue } from '../protocol/error.ts'
import { moved } from './field-schema.ts'
import { accepted, rejected, type Checked, type Schema } from './schema.ts'
import { memberOf } from './text/member.ts'

/** An object of exactly these members, in their order. All that is wrong is told at once, unknown members last. */
export function membersSchema(declared: unknown, members: ReadonlyMap<string, Schema>): Schema {
  const names = [...members.keys()]
  const schemas = [...members.values()]
  return {
    kind: 'members',
    declared,
    members,
    input: (value, mode, ctx) => {
      if (!isObject(value)) return notAnObject()
      const taken = schemas.map((schema, i) => {
        const name = names[i]!
        return schema.input(Object.hasOwn(value, name) ? value[name] : undefined, mode, ctx)
      })
      return whenAll(taken, results => gathered(results, names, strangers(value, members, mode === 'text')))
    },
    output: (value, ctx) => {
      if (!isObject(value)) return notAnObject()
      const taken = schemas.map((schema, i) => schema.output(memberOf(value, names[i]!), ctx))
      return whenAll(taken, results => gathered(results, names, none))
    },
  }
}

/** A list of items of one schema. */
export function listSchema(declared: unknown, item: Schema): Schema {
  const each = (value: unknown, take: (one: unknown) => Checked | Promise<Checked>): Checked | Promise<Checked> => {
    if (!Array.isArray(value)) return rejected([{ code: 'type', pointer: '#', detail: 'must be a list' }])
    return whenAll(value.map(take), listed)
  }
  return {
    kind: 'list',
    declared,
    item,
    input: (value, mode, ctx) => each(value, one => item.input(one, mode, ctx)),
    output: (value, ctx) => each(value, one => item.output(one, ctx)),
  }
}

const none: readonly Issue[] = Object.freeze([])

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notAnObject(): Checked {
  return rejected([{ code: 'type', pointer: '#', detail: 'must be an object' }])
}

/** Goes on at once unless one of the results has to be waited for. */
function whenAll(
  taken: readonly (Checked | Promise<Checked>)[],
  next: (results: readonly Checked[]) => Checked,
): Checked | Promise<Checked> {
  for (const result of taken) {
    if (result instanceof Promise) return Promise.all(taken.map(async one => one)).then(next)
  }
  return next(taken as readonly Checked[])
}

function gathered(results: readonly Checked[], names: readonly string[], unknown: readonly Issue[]): Checked {
  const out: Record<string, unknown> = {}
  let issues: Issue[] | null = null
  for (let i = 0; i < results.length; i++) {
    const result = results[i]!
    if (result.ok) out[names[i]!] = result.value
    else (issues ??= []).push(...moved(result.issues, names[i]!))
  }
  if (issues === null && unknown.length === 0) return accepted(out)
  return rejected([...(issues ?? none), ...unknown])
}

function listed(results: readonly Checked[]): Checked {
  const issues = results.flatMap((result, i) => (result.ok ? [] : moved(result.issues, i)))
  return issues.length === 0 ? accepted(results.map(result => result.ok && result.value)) : rejected(issues)
}

function strangers(value: object, members: ReadonlyMap<string, Schema>, text: boolean): readonly Issue[] {
  let found: Issue[] | null = null
  for (const name of Object.keys(value)) {
    if (members.has(name)) continue
    const code = text ? 'unknown_param' : 'unknown_field'
    ;(found ??= []).push(...moved([{ code, pointer: '#', detail: 'is not known here' }], name))
  }
  return found ?? none
}
