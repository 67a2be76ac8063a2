import { signal, type Signal } from '@preact/signals'
import { api, table, type Id } from '../../server/client.ts'
import { description, type ResourceInfo } from '../../server/description.ts'

/** How many labels are asked for at once. */
const AT_ONCE = 100
/** How many are kept. */
const MOST = 5_000

const known = new Map<string, string | null>()
const wanted = new Map<string, Set<Id>>()
let isDue = false
let askedBy: unknown = null

/** Changes when labels have come. */
const version: Signal<number> = signal(0)

/** What a row is called: the text of its first field that looks like a name. null = it is not known (yet). */
export function labelOf(resource: string, id: Id): string | null {
  void version.value
  // What one user may see is not for the next.
  if (askedBy !== api.value) {
    known.clear()
    askedBy = api.value
  }
  const key = `${resource} ${id}`
  const label = known.get(key)
  if (label !== undefined) return label
  wanted.set(resource, (wanted.get(resource) ?? new Set()).add(id))
  if (!isDue) {
    isDue = true
    setTimeout(() => void ask(), 60)
  }
  return null
}

async function ask(): Promise<void> {
  isDue = false
  const all = [...wanted]
  wanted.clear()
  await Promise.all(all.map(([name, ids]) => askAbout(name, [...ids])))
  if (known.size > MOST) known.clear()
  version.value++
}

async function askAbout(name: string, ids: readonly Id[]): Promise<void> {
  for (const id of ids) known.set(`${name} ${id}`, null)
  const resource = description.value!.resources.find(one => one.name === name)
  const field = resource && labelField(resource)
  if (!resource || field === undefined) return
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE)
    const options = { filter: { [resource.id]: { $in: some } }, fields: [resource.id, field], limit: AT_ONCE }
    const { rows } = await table(name)
      .list(options)
      .catch(() => ({ rows: [] }))
    for (const row of rows) {
      const text = row[field]
      if (typeof text === 'string') known.set(`${name} ${row[resource.id] as Id}`, text)
    }
  }
}

/** The field by which people know a row. */
function labelField({ fields }: ResourceInfo): string | undefined {
  const texts = fields.filter(one => one.isShown && one.kind === 'text' && !one.isId)
  const named = ['name', 'title', 'label', 'email', 'code'].map(word =>
    texts.find(one => one.name.toLowerCase() === word),
  )
  return (named.find(Boolean) ?? texts[0])?.name
}
