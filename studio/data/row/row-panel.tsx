import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { table, type Id, type Problem } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { idOf } from '../../server/ids.ts'
import { inner } from '../../server/inner.ts'
import { Button, Confirmed, Tabs } from '../../ui/controls.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { JsonView } from '../../ui/json.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { AccessTab, MayCreate } from './access-tab.tsx'
import { HistoryTab } from './history-tab.tsx'
import { readRow, type ReadRow } from './read-row.ts'
import { RowForm } from './row-form.tsx'
import { useLastAnswer } from '../../ui/last-answer.ts'

type Tab = 'edit' | 'json' | 'history' | 'access'

/**
 * One row: its form, its JSON, what happened to it, and who may do what with it. Of a row that was deleted its history is left.
 * Without an id it is a new one, and with `at` as it was at that position.
 */
export function RowPanel({
  resource,
  id: text,
  at,
  onOpen,
  onClose,
}: {
  readonly resource: ResourceInfo
  readonly id: string | null
  readonly at: string | null
  readonly onOpen: (id: Id) => void
  readonly onClose: () => void
}): VNode {
  const id = text === null ? null : idIn(resource, text)
  const [read, setRead] = useState<ReadRow | null>(null)
  const [isGone, setGone] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [tab, setTab] = useState<Tab>('edit')
  const [hasDraft, setDraft] = useState(false)
  const [isAsked, setAsked] = useState(false)
  const lastAnswer = useLastAnswer()
  const load = (): void => {
    if (id === null) return
    lastAnswer(readRow(resource, id, at)).then(
      found => {
        setRead(found)
        setGone(found === null)
      },
      (error: Problem) => setProblem(error.message),
    )
  }
  useEffect(load, [resource, id, at])
  const remove = (): void => {
    if (id === null) return
    table(resource.name)
      .delete(id)
      .then(() => {
        say(`${resource.name} ${id} deleted`)
        onClose()
      }, complain)
  }
  const isPast = at !== null
  const tabs: { name: Tab; title: string }[] = [
    { name: 'edit', title: resource.canPatch && !isPast ? 'Edit' : 'Fields' },
    { name: 'json', title: 'JSON' },
    { name: 'history', title: 'History' },
    ...(inner.value ? [{ name: 'access' as const, title: 'Who may' }] : []),
  ]
  return (
    <Dialog
      side
      title={id === null ? `New ${resource.name}` : `${resource.name} ${id}${isPast ? ' as it was' : ''}`}
      onClose={() => (hasDraft ? setAsked(true) : onClose())}
    >
      {isAsked && hasDraft && <Unsaved onDiscard={onClose} onStay={() => setAsked(false)} />}
      {id !== null && !isGone && (
        <div class="panel-tools">
          <Tabs label="Views of the row" all={tabs} chosen={tab} onChoose={setTab} />
          {resource.canDelete && !isPast && (
            <Confirmed label="Delete this row" asking="Really delete" onConfirm={remove} />
          )}
        </div>
      )}
      {problem && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      {id === null && <MayCreate resource={resource} />}
      {(id === null || read) && (
        // It stays while other tabs are looked at, and so does what was typed.
        <div hidden={tab !== 'edit'}>
          <RowForm
            resource={resource}
            read={read}
            id={id}
            isPast={isPast}
            onSaved={id === null ? onClose : load}
            onReload={load}
            onDraft={setDraft}
          />
        </div>
      )}
      {id !== null && !problem && (
        <>
          {isGone ? (
            <p class="notice">
              There is no {resource.name} {id} {isPast ? 'in this state' : 'now'}. This is what is known of it.
            </p>
          ) : (
            !read && <p class="muted">Loading …</p>
          )}
          {read && tab === 'json' && <JsonView value={read.row} />}
          {(isGone || (read && tab === 'history')) && (
            <HistoryTab resource={resource} id={id} onChanged={load} onOpen={onOpen} />
          )}
          {read && tab === 'access' && <AccessTab resource={resource} id={id} />}
        </>
      )}
    </Dialog>
  )
}

/** Asks before what was typed is lost. */
function Unsaved({ onDiscard, onStay }: { readonly onDiscard: () => void; readonly onStay: () => void }): VNode {
  return (
    <div class="notice warn unsaved" role="alert">
      <p>What you have typed is not saved.</p>
      <Button kind="danger" onClick={onDiscard}>
        Discard it
      </Button>
      <Button kind="primary" onClick={onStay}>
        Go on editing
      </Button>
    </div>
  )
}

/** An id as it stands in the address of the page. */
function idIn({ fields }: ResourceInfo, text: string): Id {
  const kind = fields.find(one => one.isId)?.kind
  return kind === 'text' ? text : idOf(text)
}
