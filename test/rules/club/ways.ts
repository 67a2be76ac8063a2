// Every way to write a relation, over every pair of rows: the request, and what it makes of a world.
import { sees, shownIds, type Place } from './oracle.ts'
import { first, type Me, type Name, type World } from './world.ts'

export interface Way {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'JSON' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** The row that the request is about, and those that it names; all must be visible. */
  readonly rows: readonly Place[]
  /** The world that it makes. Ids of new rows are above 100. */
  readonly makes: (world: World, me: Me) => World
}

/** The id of a row that a request makes. */
const NEW = 101

const ids = (name: Name): number[] => Object.keys(first[name]).map(Number)

/** A world in which something is different. */
function changed(world: World, change: (copy: World) => void): World {
  const copy = structuredClone(world)
  change(copy)
  return copy
}

const numbers = (a: number, b: number): number => a - b
/** Makes a doc belong to a group, a badge to a user, a user to a group, or no longer. */
const put =
  (name: 'doc' | 'badge', field: 'group' | 'holder' | 'author', id: number, to: number | null) => (w: World) => {
    if (field === 'holder' && to !== null)
      for (const badge of Object.values(w.badge)) if (badge.holder === to) badge.holder = null
    w[name][id][field] = to
  }
const join = (group: number, user: number) => (w: World) =>
  void (w.group[group].members = [...new Set([...w.group[group].members, user])].toSorted(numbers))
const part = (group: number, user: number) => (w: World) =>
  void (w.group[group].members = w.group[group].members.filter((one: number) => one !== user))

/** Ways that depend on who asks, because they send back what was shown. */
export function waysOf(me: Me): Way[] {
  const ways: Way[] = []
  const add = (
    method: Way['method'],
    path: string,
    body: unknown,
    rows: readonly Place[],
    ...changes: ((world: World) => void)[]
  ): void => {
    const makes = (world: World): World => changed(world, copy => changes.forEach(change => change(copy)))
    ways.push({ method, path, ...(body !== undefined && { body }), rows, makes })
  }
  const own = me?.id as number
  const list = (name: Name, id: number, field: string): number[] => shownIds(first, me, name, id, field)
  const whole = (name: Name, id: number): Record<string, unknown> => {
    const row = { ...first[name][id] }
    delete row.author
    if (name === 'user' && id !== own) delete row.phone
    if (name === 'user')
      Object.assign(row, { groups: list('user', id, 'groups'), badge: list('user', id, 'badge')[0] ?? null })
    if (name === 'group') Object.assign(row, { members: list('group', id, 'members'), docs: list('group', id, 'docs') })
    return row
  }

  // docs of groups: a foreign key and its list
  for (const doc of ids('doc')) {
    const path = `/doc/${doc}`
    for (const group of [...ids('group'), null]) {
      const rows: Place[] =
        group === null
          ? [['doc', doc]]
          : [
              ['doc', doc],
              ['group', group],
            ]
      add('PATCH', path, { group }, rows, put('doc', 'group', doc, group))
      add('PUT', path, { ...whole('doc', doc), group }, rows, put('doc', 'group', doc, group))
      add('JSON', path, [{ op: 'replace', path: '/group', value: group }], rows, put('doc', 'group', doc, group))
    }
    for (const group of ids('group')) {
      const rows: Place[] = [
        ['group', group],
        ['doc', doc],
      ]
      const docs = [...new Set([...list('group', group, 'docs'), doc])]
      add('PATCH', `/group/${group}`, { docs }, rows, put('doc', 'group', doc, group))
      add('PUT', `/group/${group}`, { ...whole('group', group), docs }, rows, put('doc', 'group', doc, group))
      if (!list('group', group, 'docs').includes(doc))
        add(
          'JSON',
          `/group/${group}`,
          [{ op: 'add', path: '/docs/-', value: doc }],
          rows,
          put('doc', 'group', doc, group),
        )
    }
    const made = { title: 'new', open: false, owner: own ?? 1 }
    add('POST', '/group', { id: NEW, ...made, docs: [doc] }, [['doc', doc]], w => {
      w.group[NEW] = { ...made, members: [] }
      w.doc[doc].group = NEW
    })
    add('DELETE', path, undefined, [['doc', doc]], w => delete w.doc[doc])
  }
  for (const group of ids('group')) {
    const path = `/group/${group}`
    const here: Place[] = [['group', group]]
    const born = (w: World): void => void (w.doc[NEW] = { title: 'new', secret: false, author: own, group })
    add('POST', '/doc', { id: NEW, title: 'new', group }, here, born)
    add('POST', `${path}/docs`, { id: NEW, title: 'new' }, here, born)
    add('PATCH', path, { docs: [...list('group', group, 'docs'), { id: NEW, title: 'new' }] }, here, born)
    const free = (w: World): void => {
      for (const id of list('group', group, 'docs')) w.doc[id].group = null
    }
    add('PATCH', path, { docs: [] }, here, free)
    add('PUT', path, { ...whole('group', group), docs: [] }, here, free)
    add('DELETE', path, undefined, here, w => {
      delete w.group[group]
      for (const doc of Object.values(w.doc)) if (doc.group === group) doc.group = null
    })
    add('PATCH', path, { members: [] }, here, ...list('group', group, 'members').map(user => part(group, user)))
  }

  // members: both sides of a many-to-many relation
  for (const user of ids('user'))
    for (const group of ids('group')) {
      const rows: Place[] = [
        ['user', user],
        ['group', group],
      ]
      const [members, groups] = [list('group', group, 'members'), list('user', user, 'groups')]
      const isIn = members.includes(user)
      const to = isIn ? part(group, user) : join(group, user)
      const others = isIn ? members.filter(id => id !== user) : [...members, user]
      const further = isIn ? groups.filter(id => id !== group) : [...groups, group]
      add('PATCH', `/group/${group}`, { members: others }, rows, to)
      add('PUT', `/group/${group}`, { ...whole('group', group), members: others }, rows, to)
      add('PATCH', `/user/${user}`, { groups: further }, rows, to)
      add('PUT', `/user/${user}`, { ...whole('user', user), groups: further }, rows, to)
      const op = (at: number): object[] => [isIn ? { op: 'remove', path: `/${at}` } : { op: 'add', path: '/-' }]
      const patch = (field: string, at: number, value: number): object[] =>
        op(at).map((one: any) => ({ ...one, path: `/${field}${one.path}`, ...(isIn ? {} : { value }) }))
      add('JSON', `/group/${group}`, patch('members', members.indexOf(user), user), rows, to)
      add('JSON', `/user/${user}`, patch('groups', groups.indexOf(group), group), rows, to)
    }
  for (const group of ids('group')) {
    const person = { name: 'new', shown: true, role: 'member', phone: '' }
    const born = (w: World): void => {
      w.user[NEW] = { ...person }
      join(group, NEW)(w)
    }
    add('POST', `/group/${group}/members`, { id: NEW, name: 'new' }, [['group', group]], born)
    add('POST', '/user', { id: NEW, name: 'new', groups: [group] }, [['group', group]], born)
  }
  for (const user of ids('user')) {
    const made = { title: 'new', open: false, owner: own ?? 1 }
    add('POST', '/group', { id: NEW, ...made, members: [user] }, [['user', user]], w => {
      w.group[NEW] = { ...made, members: [user] }
    })
  }

  // badges: a place for one, which is taken from others
  for (const badge of ids('badge')) {
    const path = `/badge/${badge}`
    for (const user of ids('user')) {
      const rows: Place[] = [
        ['badge', badge],
        ['user', user],
      ]
      add('PATCH', path, { holder: user }, rows, put('badge', 'holder', badge, user))
      add('PUT', path, { ...whole('badge', badge), holder: user }, rows, put('badge', 'holder', badge, user))
      add('JSON', path, [{ op: 'replace', path: '/holder', value: user }], rows, put('badge', 'holder', badge, user))
      add('PATCH', `/user/${user}`, { badge }, rows, put('badge', 'holder', badge, user))
      add('PUT', `/user/${user}`, { ...whole('user', user), badge }, rows, put('badge', 'holder', badge, user))
      add(
        'JSON',
        `/user/${user}`,
        [{ op: 'replace', path: '/badge', value: badge }],
        rows,
        put('badge', 'holder', badge, user),
      )
    }
    add('DELETE', path, undefined, [['badge', badge]], w => delete w.badge[badge])
    add('PATCH', path, { holder: null }, [['badge', badge]], put('badge', 'holder', badge, null))
    add('POST', '/user', { id: NEW, name: 'new', badge }, [['badge', badge]], w => {
      w.user[NEW] = { name: 'new', shown: true, role: 'member', phone: '' }
      put('badge', 'holder', badge, NEW)(w)
    })
  }
  for (const user of ids('user')) {
    const held = list('user', user, 'badge')[0]
    const rows: Place[] = [['user', user]]
    const born = (w: World): void => {
      w.badge[NEW] = { label: 'new', shown: true, loose: true, holder: null }
      put('badge', 'holder', NEW, user)(w)
    }
    add('POST', '/badge', { id: NEW, label: 'new', holder: user }, rows, born)
    add('PATCH', `/user/${user}`, { badge: { id: NEW, label: 'new' } }, rows, born)
    if (held !== undefined) add('PATCH', `/user/${user}`, { badge: null }, rows, put('badge', 'holder', held, null))

    // authors: set by the server, from either side
    for (const doc of ids('doc')) {
      const both: Place[] = [
        ['user', user],
        ['doc', doc],
      ]
      const docs = [...new Set([...list('user', user, 'docs'), doc])]
      add('PATCH', `/user/${user}`, { docs }, both, put('doc', 'author', doc, user))
      if (!list('user', user, 'docs').includes(doc))
        add(
          'JSON',
          `/user/${user}`,
          [{ op: 'add', path: '/docs/-', value: doc }],
          both,
          put('doc', 'author', doc, user),
        )
      if (first.doc[doc].author !== user) {
        add('PATCH', `/doc/${doc}`, { author: user }, both, put('doc', 'author', doc, user))
        add('PUT', `/doc/${doc}`, { ...whole('doc', doc), author: user }, both, put('doc', 'author', doc, user))
      }
    }
    const written = (w: World): void => void (w.doc[NEW] = { title: 'new', secret: false, author: user, group: null })
    add('POST', `/user/${user}/docs`, { id: NEW, title: 'new' }, rows, written)
    add('PATCH', `/user/${user}`, { docs: [...list('user', user, 'docs'), { id: NEW, title: 'new' }] }, rows, written)
  }
  return ways
}

export const mayAsk = (world: World, me: Me, { rows }: Way): boolean =>
  rows.every(([name, id]) => sees(world, me, name, id))
