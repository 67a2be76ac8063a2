import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { send, table, type Id, type Problem, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { idOf } from '../../server/ids.ts'
import { inner } from '../../server/inner.ts'
import { Button, Tabs } from '../../ui/controls.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { JsonView } from '../../ui/json.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { AccessTab } from './access-tab.tsx'
import { HistoryTab } from './history-tab.tsx'
import { RowForm, type ReadRow } from './row-form.tsx'

type Tab = 'edit' | 'json' | 'history' | 'access'

/** One row: its form, its JSON, what happened to it, and who may do what with it. Without an id it is a new one. */
export function RowPanel({
  resource,
  id: text,
  onClose,
}: {
  readonly resource: ResourceInfo
  readonly id: string | null
  readonly onClose: () => void
}): VNode {
  const id = text === null ? null : idIn(resource, text)
  const [read, setRead] = useState<ReadRow | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [tab, setTab] = useState<Tab>('edit')
  const load = (): void => {
    if (id === null) return
    readRow(resource, id).then(setRead, (error: Problem) => setProblem(error.message))
  }
  useEffect(load, [resource, id])
  const remove = (): void => {
    if (id === null) return
    table(resource.name)
      .delete(id)
      .then(() => {
        say(`${resource.name} ${id} deleted`)
        onClose()
      }, complain)
  }
  const choose = (next: Tab): void => {
    setTab(next)
    // A version is restored over what its history shows.
    if (next === 'history') load()
  }
  const tabs: { name: Tab; title: string }[] = [
    { name: 'edit', title: resource.canPatch ? 'Edit' : 'Fields' },
    { name: 'json', title: 'JSON' },
    { name: 'history', title: 'History' },
    ...(inner.value ? [{ name: 'access' as const, title: 'Who may' }] : []),
  ]
  return (
    <Dialog side title={id === null ? `New ${resource.name}` : `${resource.name} ${id}`} onClose={onClose}>
      {id !== null && (
        <div class="panel-tools">
          <Tabs label="Views of the row" all={tabs} chosen={tab} onChoose={choose} />
          {resource.canDelete && <Confirmed label="Delete this row" onConfirm={remove} />}
        </div>
      )}
      {problem ? (
        <p class="bad" role="alert">
          {problem}
        </p>
      ) : id === null || (read && tab === 'edit') ? (
        <RowForm resource={resource} read={read} id={id} onSaved={id === null ? onClose : load} onReload={load} />
      ) : !read ? (
        <p class="muted">Loading …</p>
      ) : tab === 'json' ? (
        <JsonView value={read.row} />
      ) : tab === 'history' ? (
        <HistoryTab resource={resource} id={id} read={read} onReload={load} />
      ) : (
        <AccessTab resource={resource} id={id} />
      )}
    </Dialog>
  )
}

/** A button that has to be pressed twice. */
function Confirmed({ label, onConfirm }: { readonly label: string; readonly onConfirm: () => void }): VNode {
  const [isAsked, setAsked] = useState(false)
  return isAsked ? (
    <Button kind="danger" onClick={onConfirm}>
      Really delete
    </Button>
  ) : (
    <Button icon="trash" kind="quiet" label={label} onClick={() => setAsked(true)} />
  )
}

async function readRow({ name, path }: ResourceInfo, id: Id): Promise<ReadRow> {
  const response = await send('GET', `${path}/${encodeURIComponent(id)}`)
  const body = (await response.json()) as Row
  if (!response.ok) throw new Error((body['detail'] as string | undefined) ?? `there is no ${name} ${id}`)
  return { row: body, tag: response.headers.get('etag') }
}

/** An id as it stands in the address of the page. */
function idIn({ fields }: ResourceInfo, text: string): Id {
  const kind = fields.find(one => one.isId)?.kind
  return kind === 'text' ? text : idOf(text)
}
