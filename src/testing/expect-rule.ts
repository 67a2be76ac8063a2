import { AssertionError } from 'node:assert'
import type { Api } from '../api.ts'
import { explainRule } from '../engine/rules/explain-rules.ts'
import { permissionsOf } from '../engine/rules/permissions.ts'
import type { Principal } from '../engine/call/call.ts'
import type { Id, Resource } from '../model/model.ts'

/** Expectations about a rule for one caller. Each throws an AssertionError that names the part of the rule that decided. */
export interface RuleExpectation {
  /** Exactly these rows, whatever their order. Only for `read`. */
  sees(ids: readonly Id[]): Promise<void>
  may(...ids: Id[]): Promise<void>
  mayNot(...ids: Id[]): Promise<void>
}

type AnyApi = Pick<Api, 'engine' | 'store' | 'safe'>

/**
 * Tests a rule without a request. If it fails, the error names the part of the rule that decided.
 *
 * @example
 * await expectRule(app, 'todo', 'read').as({ id: 1 }).sees([1, 4])
 * await expectRule(app, 'todo', 'write').as({ id: 2 }).mayNot(1)
 */
export function expectRule(app: AnyApi, name: string, action = 'read'): { as(me: Principal | null): RuleExpectation } {
  const resource = app.engine.model.resources.get(name)
  if (!resource) throw new TypeError(`there is no resource ${name}`)
  return { as: me => expectation(app, resource, action, me) }
}

function expectation(app: AnyApi, resource: Resource, action: string, me: Principal | null): RuleExpectation {
  const who = me ? String(me['name'] ?? me.id) : 'nobody'
  const explained = (id: Id) => app.store.read(snapshot => explainRule(snapshot, { resource, action, id, me }))
  const demand = async (ids: readonly Id[], allowed: boolean): Promise<void> => {
    for (const id of ids) {
      const found = await explained(id)
      if (found.allowed === allowed) continue
      const message = `${who} ${found.allowed ? 'may' : 'may not'} ${action} ${resource.name} ${id}:\n${found.lines.join('\n')}`
      throw new AssertionError({ message, actual: found.allowed, expected: allowed })
    }
  }
  return {
    may: (...ids) => demand(ids, true),
    mayNot: (...ids) => demand(ids, false),
    sees: async ids => {
      const { status, body } = await app.safe.list(resource.name, { me })
      const seen = status === 200 ? (body as Readonly<Record<string, Id>>[]).map(row => row[resource.id.name]!) : []
      const missing = ids.filter(id => !seen.includes(id))
      const extra = seen.filter(id => !ids.includes(id))
      if (missing[0] !== undefined) await demand([missing[0]], true)
      if (extra[0] !== undefined) await demand([extra[0]], false)
      if (missing.length || extra.length)
        throw new AssertionError({ message: `${who} sees other rows of ${resource.name}`, actual: seen, expected: ids })
    },
  }
}

/**
 * A table of rights with one line for each resource, operation and field that has a rule: ✓ = always, ✗ = never, ~ = it depends
 * on the row.
 * @example
 * console.log(ruleMatrix(app, { nobody: null, ada: { id: 1 } }))
 */
export function ruleMatrix(app: AnyApi, people: Readonly<Record<string, Principal | null>>): string {
  const names = Object.keys(people)
  const width = Math.max(...[...app.engine.model.resources.values()].flatMap(r => placesOf(r).map(p => p.length)), 8)
  const lines = [`${''.padEnd(width)}  ${names.join('  ')}`]
  for (const resource of app.engine.model.resources.values())
    for (const place of placesOf(resource)) {
      const marks = names.map(name =>
        mark(resource, place, people[name]!)
          .padStart(Math.ceil(name.length / 2))
          .padEnd(name.length),
      )
      lines.push(`${place.padEnd(width)}  ${marks.join('  ')}`.trimEnd())
    }
  return lines.join('\n')
}

function placesOf(resource: Resource): string[] {
  if (resource.rules === null) return [`${resource.name} *`]
  const operations = ['read', 'create', 'write', 'delete'].map(action => `${resource.name} ${action}`)
  const fields = Object.entries(resource.rules.fields ?? {}).flatMap(([field, rules]) =>
    Object.keys(rules).map(access => `${resource.name}.${field} ${access}`),
  )
  return [...operations, ...fields]
}

function mark(resource: Resource, place: string, me: Principal | null): string {
  const permissions = permissionsOf(me, false)
  const [at = '', action = ''] = place.split(' ')
  const field = at.split('.')[1]
  const guard = field
    ? permissions.field(resource, field, action as 'read' | 'write')
    : permissions.for(resource, action)
  return guard.open ? '✓' : guard.closed ? '✗' : '~'
}
