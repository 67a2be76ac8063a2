import type { Issue } from '../protocol/error.ts'
import { moved } from './field-schema.ts'
import { accepted, rejected, type Checked, type Schema } from './schema.ts'
import { memberOf } from './text/member.ts'

/** An object of exactly these members, in their order. All that is wrong is told at once, unknown members last. */
export function membersSchema(declared: unknown, members: ReadonlyMap<string, Schema>): Schema {
  const entries = [...members]
  const gather = (
    value: unknown,
    read: (name: string) => unknown,
    take: (schema: Schema, member: unknown) => Checked | Promise<Checked>,
    unknown: Issue[],
  ): Checked | Promise<Checked> => {
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return rejected([{ code: 'type', pointer: '#', detail: 'must be an object' }])
    const taken = entries.map(([name, schema]) => take(schema, read(name)))
    const finish = (results: readonly Checked[]): Checked => {
      const out: Record<string, unknown> = {}
      const issues: Issue[] = []
      for (const [i, result] of results.entries()) {
        const name = entries[i]![0]
        if (result.ok) out[name] = result.value
        else issues.push(...moved(result.issues, name))
      }
      issues.push(...unknown)
      return issues.length === 0 ? accepted(out) : rejected(issues)
    }
    return taken.some(result => result instanceof Promise)
      ? Promise.all(taken).then(finish)
      : finish(taken as Checked[])
  }
  return {
    kind: 'members',
    declared,
    members,
    input: (value, mode, ctx) =>
      gather(
        value,
        name => (Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined),
        (schema, member) => schema.input(member, mode, ctx),
        strangers(value, members, mode === 'text'),
      ),
    output: (value, ctx) =>
      gather(
        value,
        name => memberOf(value, name),
        (schema, member) => schema.output(member, ctx),
        [],
      ),
  }
}

function strangers(value: unknown, members: ReadonlyMap<string, Schema>, text: boolean): Issue[] {
  if (value === null || typeof value !== 'object') return []
  const found: Issue[] = []
  for (const name of Object.keys(value)) {
    if (members.has(name)) continue
    const code = text ? 'unknown_param' : 'unknown_field'
    found.push(...moved([{ code, pointer: '#', detail: 'is not known here' }], name))
  }
  return found
}

/** A list of items of one schema. */
export function listSchema(declared: unknown, item: Schema): Schema {
  const each = (value: unknown, take: (one: unknown) => Checked | Promise<Checked>): Checked | Promise<Checked> => {
    if (!Array.isArray(value)) return rejected([{ code: 'type', pointer: '#', detail: 'must be a list' }])
    const taken = value.map(take)
    const finish = (results: readonly Checked[]): Checked => {
      const issues = results.flatMap((result, i) => (result.ok ? [] : moved(result.issues, i)))
      return issues.length === 0 ? accepted(results.map(result => result.ok && result.value)) : rejected(issues)
    }
    return taken.some(result => result instanceof Promise)
      ? Promise.all(taken).then(finish)
      : finish(taken as Checked[])
  }
  return {
    kind: 'list',
    declared,
    item,
    input: (value, mode, ctx) => each(value, one => item.input(one, mode, ctx)),
    output: (value, ctx) => each(value, one => item.output(one, ctx)),
  }
}
