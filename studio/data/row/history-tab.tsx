import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { table, type Id, type Problem, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { askAuthors, inner } from '../../server/inner.ts'
import { Badge, Button, Empty } from '../../ui/controls.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { lineOf } from '../../ui/words.ts'
import { authorWords } from '../author-words.ts'
import { isEditable } from '../grid/editable.ts'
import { Conflict } from './conflict.tsx'
import type { ReadRow } from './row-form.tsx'

/** A record of the log about a row (docs/guide/history.md). */
interface Recorded {
  readonly position: string
  readonly at: string
  readonly operation: 'create' | 'patch' | 'delete'
  readonly data: Row | null
  /** The old values of what changed. */
  readonly before: Row | null
}

/** What happened to a row, the newest first, and what each step changed. A version is restored over the one that was read. */
export function HistoryTab({
  resource,
  id,
  read,
  onReload,
}: {
  readonly resource: ResourceInfo
  readonly id: Id
  readonly read: ReadRow
  readonly onReload: () => void
}): VNode {
  const [records, setRecords] = useState<readonly Recorded[] | null>(null)
  const [authors, setAuthors] = useState<ReadonlyMap<string, string>>(new Map())
  const [problem, setProblem] = useState<string | null>(null)
  const [conflict, setConflict] = useState<{ readonly current: Row; readonly mine: Row } | null>(null)
  const load = (): void => {
    table(resource.name)
      .history(id)
      .then(
        found => setRecords(found as unknown as readonly Recorded[]),
        (error: Problem) => setProblem(error.message),
      )
    if (inner.value) authorsOf(resource, id).then(setAuthors, () => {})
  }
  useEffect(load, [resource, id, read])
  const write = (data: Row, tag: string | null): void => {
    table(resource.name)
      .patch(id, data, tag === null ? {} : { ifMatch: tag.replaceAll('"', '') })
      .then(
        () => {
          say('That version is restored')
          onReload()
        },
        (error: Problem) => {
          const current = error.document['current'] as Row | undefined
          if (error.status === 412 && current) setConflict({ current, mine: data })
          else complain(error)
        },
      )
  }
  const restore = ({ data }: Recorded): void => {
    const members = resource.fields
      .filter(one => isEditable(one, resource) && data && one.name in data)
      .map(one => [one.name, data![one.name]])
    write(Object.fromEntries(members) as Row, read.tag)
  }
  if (conflict)
    return (
      <Conflict
        base={read.row}
        current={conflict.current}
        mine={conflict.mine}
        onTheirs={() => {
          setConflict(null)
          onReload()
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
              {i > 0 && one.data && resource.canPatch && (
                <Button icon="history" kind="quiet" onClick={() => restore(one)}>
                  Restore
                </Button>
              )}
            </div>
            <dl class="difference">
              {differences(one).map(([name, was, is]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  {was !== undefined && <dd class="was">{lineOf(was, 120)}</dd>}
                  {is !== undefined && <dd class="is">{lineOf(is, 120)}</dd>}
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

/** The members that differ, as they were and as they are. */
function differences({ operation, before, data }: Recorded): [string, unknown, unknown][] {
  const names = Object.keys((operation === 'create' ? data : before) ?? {})
  return names.map(name => [name, before?.[name], data?.[name]])
}
