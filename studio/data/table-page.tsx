import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { api, lookingAs, send, table, type Filter, type Id } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import { idOf } from '../server/ids.ts'
import { askAuthors, askCommits, askVerdicts, inner, type Verdict } from '../server/inner.ts'
import { route, setQuery } from '../shell/route.ts'
import { Button, Empty } from '../ui/controls.tsx'
import { useLastAnswer } from '../ui/last-answer.ts'
import { complain } from '../ui/toast.tsx'
import { countWords } from '../ui/words.ts'
import { authorWords } from './author-words.ts'
import { AsChooser } from './as-chooser.tsx'
import { BulkBar } from './bulk-bar.tsx'
import { CodeDialog } from './query/code-dialog.tsx'
import { ColumnChooser, chosenColumns } from './columns.tsx'
import { conditionsIn, conditionsText, filterOf } from './query/conditions.ts'
import { FilterBar } from './query/filter-bar.tsx'
import { Grid } from './grid/grid.tsx'
import type { TableSort } from './window/keyset.ts'
import { RowPanel } from './row/row-panel.tsx'
import { RowWindows } from './window/row-windows.ts'
import { TimeBar } from './time-bar.tsx'
import { TransferMenu } from './transfer.tsx'

/** A resource as a live table. */
export function TablePage({ resource }: { readonly resource: ResourceInfo }): VNode {
  const { query } = route.value
  const conditions = conditionsIn(query.get('filter'))
  const sort = sortIn(query.get('sort'), resource)
  const text = query.get('filter') ?? ''
  const { filter, problem } = useMemo(() => read(text, resource), [text, resource])
  const at = query.get('at')
  const client = api.value
  const isInner = inner.value !== null
  const windows = useMemo(() => {
    const now = table(resource.name)
    const authorsOf = isInner ? (ids: readonly Id[]) => lastAuthors(resource, ids) : null
    return new RowWindows(now, { filter, sort, id: resource.id, at, authorsOf })
  }, [resource, text, sort.field, sort.descending, at, client, isInner])
  useEffect(() => () => windows.close(), [windows])
  const selected = useSignal<ReadonlySet<Id>>(new Set())
  useEffect(() => void (selected.value = new Set()), [windows])
  const [code, setCode] = useState(false)
  const [verdicts, look] = useVerdicts(resource)
  const named = query.get('columns')
  const columns = useMemo(() => chosenColumns(resource, named), [resource, named])
  const open = query.get('row')
  const total = windows.total.value
  const refused = windows.problem.value
  return (
    <div class="page table-page">
      <header class="page-head">
        <h1 dir="auto">{resource.name}</h1>
        <span class="muted total">{total === null ? '' : `${countWords(total)} ${total === 1 ? 'row' : 'rows'}`}</span>
        <LiveMark windows={windows} />
        <span class="space" />
        {at === null && (
          <Button
            icon="history"
            kind="quiet"
            label="Time travel"
            onClick={() => void presentState(resource).then(now => setQuery({ at: now }), complain)}
          />
        )}
        <AsChooser />
        <ColumnChooser resource={resource} />
        <Button icon="code" kind="quiet" label="The query as code" onClick={() => setCode(true)} />
        <TransferMenu resource={resource} filter={filter} sort={sort} />
        {resource.canCreate && at === null && (
          <Button icon="plus" kind="primary" onClick={() => setQuery({ row: 'new' })}>
            New
          </Button>
        )}
      </header>
      {at !== null && <TimeBar at={at} />}
      <FilterBar
        fields={resource.fields}
        conditions={conditions}
        problem={problem}
        onChange={all => setQuery({ filter: conditionsText(all) || null })}
      />
      {lookingAs.value !== null && inner.value && (
        <p class="notice">You see what user {String(lookingAs.value)} sees.</p>
      )}
      {refused && (total === null || refused.status === 403 || refused.status === 401) ? (
        <Empty title={refused.status === 401 ? 'Log in to see these rows' : 'These rows are not for you'}>
          {refused.message}
        </Empty>
      ) : problem ? (
        <Empty title="This filter selects nothing">
          <Button onClick={() => setQuery({ filter: null })}>Show all rows</Button>
        </Empty>
      ) : total === 0 ? (
        <Empty title={conditions.length > 0 ? 'No row matches' : 'No rows yet'}>
          {conditions.length > 0 ? (
            <Button onClick={() => setQuery({ filter: null })}>Show all rows</Button>
          ) : (
            resource.canCreate && at === null && 'Make the first one with New.'
          )}
        </Empty>
      ) : (
        <Grid
          resource={resource}
          columns={columns}
          windows={windows}
          sort={sort}
          selected={selected}
          verdicts={verdicts}
          onSort={field =>
            setQuery({ sort: sort.field === field.name && !sort.descending ? `-${field.name}` : field.name })
          }
          onOpen={id => setQuery({ row: String(id) })}
          onLook={look}
        />
      )}
      {selected.value.size > 0 && at === null && problem === null && (
        <BulkBar resource={resource} selected={selected} filter={filter} total={total ?? 0} />
      )}
      {open !== null && (
        <RowPanel
          key={open}
          resource={resource}
          id={open === 'new' ? null : open}
          at={at}
          onOpen={id => setQuery({ row: String(id) })}
          onClose={() => setQuery({ row: null })}
        />
      )}
      {code && <CodeDialog resource={resource} filter={filter} sort={sort} onClose={() => setCode(false)} />}
    </div>
  )
}

/** The newest state of a table that its server can show again, from which one can go back. */
async function presentState({ path }: ResourceInfo): Promise<string> {
  if (inner.value) return (await askCommits()).at(-1)?.position ?? inner.value.position
  const tag = (await send('GET', `${path}?limit=1`)).headers.get('etag')
  if (tag === null) throw new Error('The server does not tell in which state these rows are')
  return tag.replaceAll(/W\/|"/g, '')
}

const statusWords = { live: 'live', stale: 'catching up', still: 'not live', past: 'the past' } as const

function LiveMark({ windows }: { readonly windows: RowWindows }): VNode {
  void windows.version.value
  return <span class={`live-mark ${windows.status}`}>{statusWords[windows.status]}</span>
}

function read(text: string, resource: ResourceInfo): { filter: Filter | null; problem: string | null } {
  try {
    return { filter: filterOf(conditionsIn(text), resource.fields), problem: null }
  } catch (error) {
    return { filter: null, problem: (error as Error).message }
  }
}

function sortIn(text: string | null, { fields }: ResourceInfo): TableSort {
  const descending = text?.startsWith('-') ?? false
  const field = fields.find(one => one.name === text?.replace(/^-/, '') && one.operators.includes('gt'))
  const { name, kind } = field ?? fields.find(one => one.isId)!
  return { field: name, kind, descending, nullable: field?.nullable ?? false }
}

/** Who made the last change of each row, in words. */
async function lastAuthors({ name }: ResourceInfo, ids: readonly Id[]): Promise<ReadonlyMap<Id, string>> {
  const authors = [...(await askAuthors(name, ids))].flatMap(([id, [last]]): [Id, string][] =>
    last?.by ? [[id, authorWords(last.by)]] : [],
  )
  return new Map(authors)
}

/** What the user may do who is chosen in the address (`?as=3`), for the rows in view. */
function useVerdicts(
  resource: ResourceInfo,
): [ReadonlyMap<Id, Verdict> | null, ((ids: readonly Id[]) => void) | undefined] {
  const as = route.value.query.get('as')
  const [verdicts, setVerdicts] = useState<ReadonlyMap<Id, Verdict>>(new Map())
  const lastAnswer = useLastAnswer()
  useEffect(() => setVerdicts(new Map()), [as, resource])
  const look = useCallback(
    (ids: readonly Id[]): void => {
      if (as === null || ids.length === 0) return
      lastAnswer(askVerdicts(resource.name, ids, as === 'nobody' ? null : idOf(as))).then(
        all => setVerdicts(new Map(all.map(one => [one.id, one]))),
        () => {},
      )
    },
    [as, resource],
  )
  return as !== null && inner.value?.may.lookAs ? [verdicts, look] : [null, undefined]
}
