import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { send, type Id, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { Badge, Button } from '../../ui/controls.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { Conflict } from './conflict.tsx'
import { FieldInput, textOf, valueOf } from './field-input.tsx'
import { FileField } from './file-field.tsx'
import type { ReadRow } from './read-row.ts'
import { RelatedList } from './related-list.tsx'
import { RelatedRow } from './related-row.tsx'

type Texts = Readonly<Record<string, string>>

interface Complaint {
  readonly pointer?: string
  readonly detail: string
}

/** A form made of the fields of a resource. Only what was changed is sent, with the version that it was read in. */
export function RowForm({
  resource,
  read,
  id,
  isPast,
  onSaved,
  onReload,
  onDraft,
}: {
  readonly resource: ResourceInfo
  readonly read: ReadRow | null
  readonly id: Id | null
  /** Whether the row is one of an earlier state, which nobody can change. */
  readonly isPast: boolean
  readonly onSaved: () => void
  readonly onReload: () => void
  /** Told whether something was typed that is not saved. */
  readonly onDraft: (hasDraft: boolean) => void
}): VNode {
  const [texts, setTexts] = useState<Texts>({})
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({})
  const [conflict, setConflict] = useState<{ readonly current: Row; readonly mine: Row } | null>(null)
  /** The row that the texts are changes of. */
  const [base, setBase] = useState(read)
  useEffect(() => {
    const differs = (name: string): boolean => JSON.stringify(read?.row[name]) !== JSON.stringify(base?.row[name])
    // What somebody else has changed of what is being edited is compared when it is saved.
    if (!Object.keys(texts).some(differs)) setBase(read)
  }, [read])
  const fields = resource.fields.filter(one =>
    id === null ? one.isWritable && one.kind !== 'file' : one.isShown || one.isWritable,
  )
  const may = !isPast && (id === null ? resource.canCreate : resource.canPatch)
  const before = (field: FieldInfo): string => textOf(field, base?.row[field.name])
  const isDraft = (field: FieldInfo): boolean =>
    texts[field.name] !== undefined && texts[field.name] !== (id === null ? defaultText(field) : before(field))
  const hasDraft = fields.some(isDraft)
  // Not only after the next frame: Escape may be the very next key.
  useLayoutEffect(() => onDraft(hasDraft), [hasDraft])

  const save = async (tag: string | null): Promise<void> => {
    const found: Record<string, string> = {}
    const data: Record<string, unknown> = {}
    for (const field of fields) {
      const text = texts[field.name]
      if (text === undefined || (id !== null && text === before(field))) continue
      try {
        data[field.name] = valueOf(field, text)
      } catch (error) {
        found[field.name] = (error as Error).message
      }
    }
    setFaults(found)
    if (Object.keys(found).length > 0) return
    if (id !== null && Object.keys(data).length === 0) return say('Nothing was changed')
    const response = await send(
      id === null ? 'POST' : 'PATCH',
      id === null ? resource.path : `${resource.path}/${encodeURIComponent(id)}`,
      {
        headers: { 'content-type': 'application/json', ...(tag && { 'if-match': tag }) },
        body: JSON.stringify(data),
      },
    )
    const answer = (await response.json()) as Row & {
      readonly errors?: readonly Complaint[]
      readonly current?: Row
      readonly detail?: string
    }
    if (response.ok) {
      say(id === null ? `${resource.name} ${String(answer[resource.id])} created` : 'Saved')
      if (id !== null) setBase({ row: answer, tag: response.headers.get('etag') })
      setTexts({})
      return onSaved()
    }
    if (response.status === 412 && answer.current) return setConflict({ current: answer.current, mine: data })
    const placed = (answer.errors ?? []).flatMap(one => {
      const name = /^#\/([^/]+)/.exec(one.pointer ?? '')?.[1]
      return name === undefined ? [] : [[decodeURIComponent(name), one.detail] as const]
    })
    setFaults(Object.fromEntries(placed))
    if (placed.length === 0) complain(new Error(answer.detail ?? response.statusText))
  }

  if (conflict && base)
    return (
      <Conflict
        base={base.row}
        current={conflict.current}
        mine={conflict.mine}
        onTheirs={() => {
          setConflict(null)
          setTexts({})
          onReload()
        }}
        onMine={() => {
          setConflict(null)
          void save(null)
        }}
      />
    )
  return (
    <form
      class="form"
      onSubmit={event => {
        event.preventDefault()
        save(base?.tag ?? null).catch(complain)
      }}
    >
      {fields.map(field => {
        const key = `field ${field.name}`
        const fault = faults[field.name]
        const isUnseen = base !== null && field.isShown && !(field.name in base.row)
        const isReadOnly =
          !may ||
          (id !== null && (field.isId || !field.isWritable)) ||
          (id !== null && !field.isShown && field.kind !== 'text')
        return (
          <div class={`field${fault ? ' faulty' : ''}`} key={field.name}>
            <label for={key}>
              <span>{field.title ?? field.name}</span>
              <Badge>{field.to ? `${field.kind === 'many' ? 'list of ' : ''}${field.to}` : field.kind}</Badge>
              {id === null && field.isRequired && <Badge tone="accent">required</Badge>}
              {id !== null && !isReadOnly && isDraft(field) && <Badge tone="warn">changed</Badge>}
            </label>
            {field.kind === 'file' && id !== null && !isPast ? (
              <FileField resource={resource} id={id} field={field} value={read?.row[field.name]} onChanged={onReload} />
            ) : isReadOnly && field.kind === 'many' ? null : isReadOnly ? (
              <output id={key} dir="auto">
                {before(field) || (
                  <span class="null">{isUnseen ? 'not shown to you' : (base?.row[field.name] ?? 'null')}</span>
                )}
              </output>
            ) : (
              <FieldInput
                field={field}
                id={key}
                text={texts[field.name] ?? (id === null ? defaultText(field) : before(field))}
                onText={text => setTexts(all => ({ ...all, [field.name]: text }))}
                invalid={fault !== undefined}
                describedBy={fault ? `fault ${field.name}` : undefined}
              />
            )}
            {field.kind === 'many' && id !== null && <RelatedList resource={resource} id={id} field={field} />}
            {field.kind === 'one' && read?.row[field.name] !== null && read && (
              <RelatedRow to={field.to!} id={read.row[field.name] as Id} />
            )}
            {fault && (
              <small class="bad" id={`fault ${field.name}`} role="alert">
                {fault}
              </small>
            )}
            {isUnseen && !isReadOnly && <small class="muted">What it is now is not shown to you.</small>}
            {field.description && <small class="muted">{field.description}</small>}
          </div>
        )
      })}
      {id === null && resource.fields.some(one => one.kind === 'file' && one.isWritable) && (
        <small class="muted">Files can be added once the row is there.</small>
      )}
      {may && (
        <div class="form-buttons">
          <Button kind="primary" type="submit">
            {id === null ? 'Create' : 'Save'}
          </Button>
        </div>
      )}
    </form>
  )
}

function defaultText(field: FieldInfo): string {
  const given: unknown = field.schema['default']
  return given === undefined ? '' : textOf(field, given)
}
