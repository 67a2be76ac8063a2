import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { send, type Id, type Row } from '../../server/client.ts'
import { description, type ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { to } from '../../shell/route.ts'
import { countWords, lineOf } from '../../ui/words.ts'
import { TableHead } from '../../ui/table-head.tsx'
import { useLastAnswer } from '../../ui/last-answer.ts'

/** How many rows a nested list shows at first, and by how many it grows. */
const STEP = 5
/** How many columns it has beside the id. */
const COLUMNS = 3

interface Found {
  readonly rows: readonly Row[]
  readonly total: number
}

/** The rows of a to-many relation, as a small table in the panel of the row that they belong to. */
export function RelatedList({
  resource,
  id,
  field,
}: {
  readonly resource: ResourceInfo
  readonly id: Id
  readonly field: FieldInfo
}): VNode | null {
  const target = description.value!.resources.find(({ name }) => name === field.to)
  const [limit, setLimit] = useState(STEP)
  const [found, setFound] = useState<Found | null>(null)
  // A relation that leads one way only has no list of its own.
  const isServed = description.value!.operations.some(
    one => one.path.startsWith(`${resource.path}/{`) && one.path.endsWith(`}/${field.name}`),
  )
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    if (!isServed) return
    const path = `${resource.path}/${encodeURIComponent(id)}/${encodeURIComponent(field.name)}`
    lastAnswer(rowsIn(`${path}?total=true&limit=${limit}`)).then(setFound, () => {})
  }, [resource, id, field, limit, isServed])
  if (!target || !found) return null
  if (found.rows.length === 0) return <p class="muted">none</p>
  const columns = target.fields.filter(one => one.isShown && !one.isId && one.kind !== 'many').slice(0, COLUMNS)
  return (
    <div class="related-list scroll">
      <table>
        <TableHead names={[target.id, ...columns.map(({ name }) => name)]} />
        <tbody>
          {found.rows.map(row => (
            <tr key={String(row[target.id])}>
              <th scope="row">
                <a href={to(['data', target.name], { row: String(row[target.id]) })}>{lineOf(row[target.id], 20)}</a>
              </th>
              {columns.map(({ name }) => (
                <td key={name} dir="auto">
                  {row[name] === null ? <span class="null">null</span> : lineOf(row[name], 60)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {found.total > found.rows.length && found.rows.length < 100 && (
        <button type="button" class="button quiet" onClick={() => setLimit(Math.min(100, limit * 4))}>
          {countWords(found.rows.length)} of {countWords(found.total)}: show more
        </button>
      )}
    </div>
  )
}

/** The rows that a path answers with; null = whoever is looking may not see them. */
async function rowsIn(path: string): Promise<Found | null> {
  const response = await send('GET', path)
  if (!response.ok) return null
  const rows = (await response.json()) as readonly Row[]
  return { rows, total: Number(response.headers.get('x-total-count') ?? rows.length) }
}
