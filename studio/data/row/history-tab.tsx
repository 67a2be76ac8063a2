import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { table, type Id, type Problem, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { askAuthors, inner } from '../../server/inner.ts'
import { Badge, Button, Empty } from '../../ui/controls.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { lineOf } from '../../ui/words.ts'
import { authorWords } from '../author-words.ts'
import { isEditable, isMade } from '../grid/editable.ts'
import { Conflict } from './conflict.tsx'
import { readRow, type ReadRow } from './read-row.ts'
import { useLastAnswer } from '../../ui/last-answer.ts'

/** A record of the log about a row (docs/guide/history.md). */
interface Recorded {
  readonly position: string
  readonly at: string
  readonly operation: 'create' | 'patch' | 'delete'
  readonly data: Row | null
  /** The old values of what changed. */
  readonly before: Row | null
}

/**
 * What happened to a row, the newest first, and what each step changed. A version is restored over the row as it was when its
 * history was read; one of a deleted row becomes a row again, with its id if clients may choose ids.
 */
export function HistoryTab({
  resource,
  id,
  onChanged,
  onOpen,
}: {
  readonly resource: ResourceInfo
  readonly id: Id
  readonly onChanged: () => void
  readonly onOpen: (id: Id) => void
}): VNode {
  const [records, setRecords] = useState<readonly Recorded[] | null>(null)
  /** The row as it is; null = it was deleted. */
  const [now, setNow] = useState<ReadRow | null>(null)
  const [authors, setAuthors] = useState<ReadonlyMap<string, string>>(new Map())
  const [problem, setProblem] = useState<string | null>(null)
  const [conflict, setConflict] = useState<{ readonly current: Row; readonly mine: Row } | null>(null)
  const [lastHistory, lastAuthors] = [useLastAnswer(), useLastAnswer()]
  const isInner = inner.value !== null
  const load = (): void => {
    lastHistory(Promise.all([readRow(resource, id), table(resource.name).history(id)])).then(
      ([row, found]) => {
        setNow(row)
        setRecords(found as unknown as readonly Recorded[])
      },
      (error: Problem) => setProblem(error.message),
    )
    if (isInner) lastAuthors(authorsOf(resource, id)).then(setAuthors, () => {})
  }
  useEffect(load, [resource, id, isInner])
  const reload = (): void => {
    load()
    onChanged()
  }
  const write = (data: Row, tag: string | null): void => {
    table(resource.name)
      .patch(id, data, tag === null ? {} : { ifMatch: tag.replaceAll('"', '') })
      .then(
        () => {
          say('That version is restored')
          reload()
        },
        (error: Problem) => {
          const current = error.document['current'] as Row | undefined
          if (error.status === 412 && current) setConflict({ current, mine: data })
          else complain(error)
        },
      )
  }
  const restore = (data: Row): void => {
    if (now)
      return write(
        membersOf(data, one => isEditable(one, resource)),
        now.tag,
      )
    table(resource.name)
      .create(membersOf(data, isMade))
      .then(row => {
        say(`${resource.name} ${String(row[resource.id])} is there again`)
        reload()
        if (row[resource.id] !== id) onOpen(row[resource.id] as Id)
      }, complain)
  }
  const membersOf = (data: Row, fits: (field: FieldInfo) => boolean): Row =>
    Object.fromEntries(
      resource.fields.filter(one => fits(one) && one.name in data).map(({ name }) => [name, data[name]]),
    )
  const keepsId = resource.fields.some(one => one.isId && one.isWritable)
  if (conflict && now)
    return (
      <Conflict
        base={now.row}
        current={conflict.current}
        mine={conflict.mine}
        onTheirs={() => {
          setConflict(null)
          reload()
        }}
        onMine={() => {
          setConflict(null)
          write(conflict.mine, null)
        }}
      />
    )
  if (problem) return <Empty title="No history">{problem}</Empty>
  if (!records) return <p class="muted">Loading …</p>
  if (records.length === 0)
    return <Empty title="No history">The log reaches back only to changes that were made through this API.</Empty>
  return (
    <ol class="timeline">
      {records.map((one, i) => {
        return (
          <li key={one.position}>
            <div class="timeline-head">
              <Badge tone={one.operation === 'delete' ? 'bad' : one.operation === 'create' ? 'good' : 'plain'}>
                {one.operation}
              </Badge>
              <time dateTime={one.at}>{new Date(one.at).toLocaleString()}</time>
              <code class="muted">{one.position}</code>
              {authors.has(one.position) && <span dir="auto">by {authors.get(one.position)}</span>}
              {i > 0 && one.data && (now ? resource.canPatch : resource.canCreate) && (
                <Button icon="history" kind="quiet" onClick={() => restore(one.data!)}>
                  {now || keepsId ? 'Restore' : 'Restore with a new id'}
                </Button>
              )}
            </div>
            <dl class="difference">
              {differences(one).map(([name, was, is]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  {was !== undefined && <dd class="was">{valueWords(was)}</dd>}
                  {is !== undefined && <dd class="is">{valueWords(is)}</dd>}
                </div>
              ))}
            </dl>
          </li>
        )
      })}
    </ol>
  )
}

/** Who made the newest changes of a row, by their positions. */
async function authorsOf({ name }: ResourceInfo, id: Id): Promise<ReadonlyMap<string, string>> {
  const changes = (await askAuthors(name, [id], 100)).get(id) ?? []
  return new Map(changes.flatMap(({ position, by }) => (by ? [[position, authorWords(by)] as const] : [])))
}

/** A value as a short line, on which an empty text is seen as well. */
const valueWords = (value: unknown): string => (value === '' ? '""' : lineOf(value, 120))

/** The members that differ, as they were and as they are. */
function differences({ operation, before, data }: Recorded): [string, unknown, unknown][] {
  const names = Object.keys((operation === 'create' ? data : before) ?? {})
  return names.map(name => [name, before?.[name], data?.[name]])
}
