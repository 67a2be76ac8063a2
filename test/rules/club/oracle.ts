// What the rules of the club say, once more in plain code.
import type { Me, Name, World } from './world.ts'

export type Place = readonly [name: Name, id: number]

const isAdmin = (me: Me): boolean => me?.['role'] === 'admin'

export function sees(world: World, me: Me, name: Name, id: number): boolean {
  const row = world[name][id]
  if (!row) return false
  switch (name) {
    case 'user':
      return row.shown || id === me?.id || isAdmin(me)
    case 'group':
      return row.open || (me !== null && (row.owner === me.id || row.members.includes(me.id))) || isAdmin(me)
    case 'doc':
      return !row.secret || row.author === me?.id || isAdmin(me)
    case 'badge':
      return row.shown
  }
}

function mayWrite(world: World, me: Me, name: Name, id: number): boolean {
  const row = world[name][id]
  if (me === null) return false
  switch (name) {
    case 'user':
      return id === me.id
    case 'group':
      return row.owner === me.id || row.members.includes(me.id)
    case 'doc':
      return row.author === me.id || isAdmin(me)
    case 'badge':
      return true
  }
}

function mayCreate(world: World, me: Me, name: Name, id: number): boolean {
  const row = world[name][id]
  if (me === null) return false
  switch (name) {
    case 'user':
      return isAdmin(me)
    case 'group':
      return row.owner === me.id
    case 'doc':
      return row.author === me.id
    case 'badge':
      return true
  }
}

function mayDelete(world: World, me: Me, name: Name, id: number): boolean {
  const row = world[name][id]
  return name === 'badge' || (name === 'group' && row.owner === me?.id) || (name === 'doc' && row.author === me?.id)
}

function maySet(world: World, me: Me, name: Name, id: number, field: string): boolean {
  const row = world[name][id]
  switch (`${name}.${field}`) {
    case 'user.role':
      return isAdmin(me)
    case 'group.members':
      return row.owner === me?.id
    case 'doc.group':
      return row.author === me?.id
    case 'badge.holder':
      return row.loose
    default:
      return true
  }
}

/** A relation of the club: the field that stores it, and what it is called on the other side. */
const relations = [
  { name: 'doc', field: 'author', target: 'user', inverse: 'docs' },
  { name: 'doc', field: 'group', target: 'group', inverse: 'docs' },
  { name: 'badge', field: 'holder', target: 'user', inverse: 'badge' },
  { name: 'group', field: 'members', target: 'user', inverse: 'groups' },
] as const

/** Stands for the fields of a row that a request does not name. */
const UNNAMED = ''

/**
 * The rows that differ between two worlds, with the fields that do, those of the other sides of relations included. Of what
 * became of a row because another one was deleted, nothing is asked.
 */
function difference(before: World, after: World): Map<string, Set<string>> {
  const changed = new Map<string, Set<string>>()
  const note = (name: Name, id: number, field: string): void => {
    const key = `${name} ${id}`
    changed.set(key, (changed.get(key) ?? new Set()).add(field))
  }
  const isGone = (name: Name, field: string, id: number): boolean => {
    const target = relations.find(one => one.name === name && one.field === field)?.target
    return target !== undefined && !after[target][id]
  }
  for (const name of ['user', 'group', 'doc', 'badge'] as const)
    for (const id of new Set([...Object.keys(before[name]), ...Object.keys(after[name])].map(Number))) {
      const [was, is] = [before[name][id], after[name][id]]
      if (!was || !is) note(name, id, UNNAMED)
      for (const field of Object.keys(was ?? is)) {
        const values = [was?.[field], is?.[field]]
        if (JSON.stringify(values[0]) === JSON.stringify(values[1])) continue
        if (typeof values[0] === 'number' && is && isGone(name, field, values[0])) continue
        note(name, id, field)
        const relation = relations.find(one => one.name === name && one.field === field)
        if (!relation) continue
        const [left, come] = values.map(value => new Set([value ?? []].flat() as number[]))
        for (const other of left!.symmetricDifference(come!))
          note(relation.target, other, is ? relation.inverse : UNNAMED)
      }
    }
  return changed
}

/** Whether a caller may turn one world into another. */
export function mayChange(me: Me, before: World, after: World): boolean {
  if (me === null) return false
  for (const [key, fields] of difference(before, after)) {
    const [name, id] = placeOf(key)
    const [was, is] = [before[name][id], after[name][id]]
    if (!is) {
      if (!mayDelete(before, me, name, id)) return false
      continue
    }
    if (was && !mayWrite(before, me, name, id)) return false
    if (!(was ? mayWrite : mayCreate)(after, me, name, id)) return false
    for (const field of fields) {
      if (field === UNNAMED) continue
      // Set by the server: whoever makes a doc is its author.
      if (name === 'doc' && field === 'author' && (was || is.author !== me?.id)) return false
      if (name === 'doc' && field === 'author') continue
      if (was && !maySet(before, me, name, id, field)) return false
      if (!maySet(after, me, name, id, field)) return false
    }
  }
  return true
}

const placeOf = (key: string): Place => {
  const [name, id] = key.split(' ')
  return [name as Name, Number(id)]
}

/** The lists of ids that a row shows to a caller. */
export function shownIds(world: World, me: Me, name: Name, id: number, field: string): number[] {
  const relation = relations.find(
    one => (one.name === name && one.field === field) || (one.target === name && one.inverse === field),
  )!
  const ids =
    relation.name === name && relation.field === field
      ? [world[name][id][field]].flat()
      : Object.entries(world[relation.name])
          .filter(([, row]) => [row[relation.field]].flat().includes(id))
          .map(([other]) => Number(other))
  const target = relation.name === name && relation.field === field ? relation.target : relation.name
  return ids.filter(other => other !== null && sees(world, me, target, other)).toSorted((a, b) => a - b)
}

/** A row as its caller is shown it. */
export function shown(world: World, me: Me, name: Name, id: number): Record<string, unknown> {
  const row = { id, ...world[name][id] }
  switch (name) {
    case 'user': {
      if (id !== me?.id) delete row.phone
      row.docs = shownIds(world, me, name, id, 'docs')
      row.groups = shownIds(world, me, name, id, 'groups')
      row.badge = shownIds(world, me, name, id, 'badge')[0] ?? null
      return row
    }
    case 'group': {
      row.members = shownIds(world, me, name, id, 'members')
      row.docs = shownIds(world, me, name, id, 'docs')
      row.docCount = row.docs.length
      return row
    }
    default:
      return row
  }
}
