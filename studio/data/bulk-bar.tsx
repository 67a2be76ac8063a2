import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { table, type Filter, type Id } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain, say } from '../ui/toast.tsx'
import { countWords, nounWords } from '../ui/words.ts'
import { FieldInput, valueOf } from './row/field-input.tsx'
import { isEditable } from './grid/editable.ts'

interface BulkProps {
  readonly resource: ResourceInfo
  readonly selected: Signal<ReadonlySet<Id>>
  readonly filter: Filter | null
  readonly total: number
}

/** What can be done with all rows that are selected, or with all that the filter selects. */
export function BulkBar({ resource, selected, filter, total }: BulkProps): VNode {
  const [asked, setAsked] = useState<'delete' | 'patch' | null>(null)
  const [areAll, setAll] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const ids = [...selected.value]
  const count = areAll ? total : ids.length
  // The server changes all rows only for a filter that says so.
  const target = areAll ? (filter ?? { [resource.id]: { $null: false } }) : { [resource.id]: { $in: ids } }
  const words = nounWords(count, 'row')
  /** Resources without operations on many rows are changed row by row. */
  const each = (what: (id: Id) => Promise<unknown>, all: () => Promise<unknown>): Promise<unknown> =>
    resource.hasBulk ? all() : allOf(ids.map(what))
  const done = (work: Promise<unknown>, verb: string): void => {
    setAsked(null)
    setBusy(true)
    work
      .then(() => {
        say(`${words} ${verb}`)
        selected.value = new Set()
      }, complain)
      .finally(() => setBusy(false))
  }
  return (
    <div class="bulk" role="toolbar" aria-label="Selected rows">
      <b>{words}</b>
      {resource.hasBulk && ids.length < total && (
        <label>
          <input type="checkbox" checked={areAll} onChange={event => setAll(event.currentTarget.checked)} />
          all {countWords(total)} that match
        </label>
      )}
      {resource.canPatch && (
        <Button disabled={isBusy} onClick={() => setAsked('patch')}>
          Edit
        </Button>
      )}
      {resource.canDelete && (
        <Button icon="trash" kind="danger" disabled={isBusy} onClick={() => setAsked('delete')}>
          Delete
        </Button>
      )}
      {isBusy && <progress aria-label="Rows are being changed" />}
      <Button icon="close" kind="quiet" label="Select nothing" onClick={() => (selected.value = new Set())} />
      {asked === 'delete' && (
        <Dialog
          title={`Delete ${words}?`}
          onClose={() => setAsked(null)}
          footer={
            <Button
              kind="danger"
              onClick={() =>
                done(
                  each(
                    id => table(resource.name).delete(id),
                    () => table(resource.name).delete({ filter: target }),
                  ),
                  'deleted',
                )
              }
            >
              Delete {words}
            </Button>
          }
        >
          <p>
            Rows that depend on them are deleted as well, if their relations say so. The history of a row can bring it
            back, as long as the log reaches.
          </p>
        </Dialog>
      )}
      {asked === 'patch' && (
        <BulkPatch
          resource={resource}
          words={words}
          onClose={() => setAsked(null)}
          onPatch={data =>
            done(
              each(
                id => table(resource.name).patch(id, data),
                () => table(resource.name).patch({ filter: target }, data),
              ),
              'changed',
            )
          }
        />
      )}
    </div>
  )
}

/** Rejects with how many of the changes were made, if it was not all of them. */
async function allOf(changes: readonly Promise<unknown>[]): Promise<void> {
  const refused = (await Promise.allSettled(changes)).flatMap(one =>
    one.status === 'rejected' ? [one.reason as Error] : [],
  )
  if (refused.length === 0) return
  const made = changes.length - refused.length
  throw new Error(`Done for ${countWords(made)} of ${nounWords(changes.length, 'row')}: ${refused[0]!.message}`)
}

function BulkPatch({
  resource,
  words,
  onClose,
  onPatch,
}: {
  readonly resource: ResourceInfo
  readonly words: string
  readonly onClose: () => void
  readonly onPatch: (data: object) => void
}): VNode {
  const editable = resource.fields.filter(one => isEditable(one, resource))
  const [name, setName] = useState(editable[0]?.name ?? '')
  const [text, setText] = useState('')
  const field = editable.find(one => one.name === name)
  const send = (): void => {
    try {
      if (field) onPatch({ [name]: valueOf(field, text) })
    } catch (error) {
      complain(new Error(`${name} ${(error as Error).message}`))
    }
  }
  return (
    <Dialog
      title={`Edit ${words}`}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={send}>
          Set {name} of {words}
        </Button>
      }
    >
      <div class="form">
        <label class="field">
          <span>Field</span>
          <select value={name} onChange={event => setName(event.currentTarget.value)}>
            {editable.map(one => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </label>
        {field && (
          <label class="field">
            <span>New value</span>
            <FieldInput key={name} field={field} id="bulk-value" text={text} onText={setText} />
          </label>
        )}
      </div>
    </Dialog>
  )
}
