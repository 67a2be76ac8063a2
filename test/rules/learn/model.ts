// Random models with rules, and what their rules say once more in plain words, apart from the engine.
import { always, any, api, never, resource, t, type Api, type ApiOptions, type Store } from '../../../src/index.ts'
import type { Random } from '../../property/live-oracle/random.ts'

/** Who may do something with a row or field. */
export type Who = 'all' | 'open' | 'mine' | 'open or mine' | 'none'

/** A relation, from the side that stores it, or (`many`) from either. */
export interface Relation {
  readonly name: string
  readonly kind: 'one' | 'place' | 'many'
  readonly target: string
  readonly inverse: string
  readonly readonly: boolean
  /** Who may read and set each of its two fields. */
  readonly near: { readonly read: Who; readonly write: Who }
  readonly far: { readonly read: Who; readonly write: Who }
}

export interface Table {
  readonly name: string
  readonly read: Who
  readonly write: Who
  readonly note: { readonly read: Who; readonly write: Who }
  readonly relations: readonly Relation[]
}

/** The id of who calls; `mine` is a row whose `owner` is this. */
export const ME = 1

const rights: readonly Who[] = ['all', 'all', 'open', 'mine', 'open or mine', 'none']
const fieldRights: readonly Who[] = ['all', 'all', 'all', 'open', 'mine', 'none']

export function randomTables(random: Random): Table[] {
  const names = ['a', 'b', 'c']
  return names.map((name, i) => ({
    name,
    read: random.pick(rights),
    write: random.pick(rights),
    note: { read: random.pick(fieldRights), write: random.pick(fieldRights) },
    relations: names.slice(0, i + 1).flatMap(target => {
      if (target === name || random.chance(0.3)) return []
      const kind = random.pick(['one', 'one', 'place', 'many'] as const)
      const side = () => ({
        read: random.pick(fieldRights),
        write: random.pick(fieldRights),
      })
      const readonly = kind !== 'many' && random.chance(0.2)
      return [{ name: `to_${target}`, kind, target, inverse: `of_${name}`, readonly, near: side(), far: side() }]
    }),
  }))
}

/** The declaration of the tables. */
export function declared(tables: readonly Table[], store: Store, clock: () => number): Api {
  const declare = (table: Table): unknown => {
    const fields: Record<string, unknown> = {
      id: t.id('integer', { client: true }),
      text: t.text().default(''),
      open: t.bool().default(false),
      owner: t.integer().default(0),
      note: t.text().default(''),
    }
    const rules: Record<string, { read: Who; write: Who }> = { note: table.note }
    for (const { name, kind, target, inverse, readonly, near } of table.relations) {
      rules[name] = near
      const one = t.one(target, { inverse, unique: kind === 'place', onDelete: 'null' }).nullable()
      if (kind !== 'many') fields[name] = readonly ? one.readonly() : one
      else fields[name] = t.many(target, { inverse, ids: true })
    }
    for (const other of tables)
      for (const { name, kind, target, inverse, far } of other.relations) {
        if (target !== table.name) continue
        rules[inverse] = far
        if (kind === 'many') fields[inverse] = t.many(other.name, { inverse: name, ids: true })
        else if (kind === 'place') fields[inverse] = t.back(other.name, name, { one: true }).sortable()
        else fields[inverse] = t.back(other.name, name, { ids: true }).sortable()
        if (kind !== 'place') {
          fields[`n_${inverse}`] = t.count(inverse).sortable()
          const get = (row: any): number => row[inverse].length
          fields[`c_${inverse}`] = t.calc({ of: t.integer(), get, uses: [inverse] } as never).sortable()
        }
      }
    return (resource(fields as never) as any).rules((me: any, row: any) => {
      const rule = (who: Who): unknown => {
        const mine = row.owner.is(me.id)
        const open = row.open.is(true)
        return { all: always, none: never, open, mine, 'open or mine': any(open, mine) }[who]
      }
      return {
        read: rule(table.read),
        write: rule(table.write),
        create: rule(table.write),
        fields: Object.fromEntries(
          Object.entries(rules).map(([name, { read, write }]) => [
            name,
            { ...(read !== 'all' && { read: rule(read) }), ...(write !== 'all' && { write: rule(write) }) },
          ]),
        ),
      }
    })
  }
  const resources = Object.fromEntries(tables.map(table => [table.name, declare(table)]))
  const options: ApiOptions = {
    store,
    clock,
    report: () => {},
    authenticate: () => ({ id: ME }),
    http: { overload: false },
  }
  return api(resources as never, options as never) as unknown as Api
}

export type Row = Readonly<Record<string, any>>
/** All rows as the application itself sees them. */
export type World = ReadonlyMap<string, ReadonlyMap<number, Row>>

/** Whether a right covers a row. */
export function covers(who: Who, row: Row): boolean {
  const mine = row['owner'] === ME
  return who === 'all' || (who !== 'none' && ((who !== 'mine' && row['open']) || (who !== 'open' && mine)))
}

/** The fields of a table that have rules, and the tables that relations lead to. */
export function fieldsOf(
  tables: readonly Table[],
  table: Table,
): Map<string, { read: Who; write: Who; target?: string }> {
  const fields = new Map<string, { read: Who; write: Who; target?: string }>([['note', table.note]])
  for (const { name, target, near } of table.relations) fields.set(name, { ...near, target })
  for (const other of tables)
    for (const { target, inverse, far } of other.relations)
      if (target === table.name) fields.set(inverse, { ...far, target: other.name })
  return fields
}

/** What the caller may learn of a world: visible rows with their readable fields, and of lists the visible ids. */
export function learnable(tables: readonly Table[], world: World): Record<string, Row[]> {
  const tableOf = (name: string): Table => tables.find(table => table.name === name)!
  const isSeen = (name: string, id: number): boolean => {
    const row = world.get(name)!.get(id)
    return row !== undefined && covers(tableOf(name).read, row)
  }
  return Object.fromEntries(
    tables.map(table => {
      const fields = fieldsOf(tables, table)
      const rows = [...world.get(table.name)!.values()].filter(row => covers(table.read, row))
      const shown = rows.map(row => {
        const seen: Record<string, unknown> = {}
        for (const [name, value] of Object.entries(row)) {
          const rule = fields.get(name)
          if (rule && !covers(rule.read, row)) continue
          const list = fields.get(name.slice(2))
          // Counts and what is calculated from lists, over what is seen.
          if (/^[nc]_/.test(name))
            seen[name] = (row[name.slice(2)] as number[]).filter(id => isSeen(list!.target!, id)).length
          else if (rule?.target && Array.isArray(value)) seen[name] = value.filter(id => isSeen(rule.target!, id))
          else if (rule?.target && name.startsWith('of_')) seen[name] = isSeen(rule.target, value) ? value : null
          else seen[name] = value
        }
        return seen
      })
      return [table.name, shown]
    }),
  )
}
