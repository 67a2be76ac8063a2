import type { VNode } from 'preact'
import type { Id } from '../../server/client.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { to } from '../../shell/route.ts'
import { labelOf } from './labels.ts'
import { byteWords, lineOf, nounWords, plainText } from '../../ui/words.ts'

/** A value as it stands in a table. Whatever it is, it becomes text. */
export function CellValue({ field, value }: { readonly field: FieldInfo; readonly value: unknown }): VNode {
  if (value === undefined)
    return (
      <span class="hidden-value" title="A rule hides this field from you">
        hidden
      </span>
    )
  if (value === null) return <span class="null">null</span>
  switch (field.kind) {
    case 'boolean':
      return <span class={`bool ${value === true ? 'yes' : 'no'}`}>{plainText(value)}</span>
    case 'integer':
    case 'number':
      return <span class="number">{plainText(value)}</span>
    case 'choice':
      return <span class="badge">{plainText(value)}</span>
    case 'datetime':
      return (
        <time dateTime={plainText(value)}>
          {plainText(value)
            .replace('T', ' ')
            .replace(/(?:\.\d+)?Z$/, '')}
        </time>
      )
    case 'one':
      return <Reference to={field.to!} id={value as Id} />
    case 'many':
      return (
        <span class="count">
          {Array.isArray(value) ? (value.length === 0 ? 'none' : nounWords(value.length, field.to!)) : lineOf(value)}
        </span>
      )
    case 'file': {
      const { name, size } = value as { readonly name: string | null; readonly size: number }
      return <span class="file">{`${name ?? 'file'} · ${byteWords(size)}`}</span>
    }
    case 'json':
      return <code>{lineOf(value)}</code>
    default:
      return <span dir="auto">{lineOf(value)}</span>
  }
}

/** A related row: what it is called, and its id. */
function Reference({ to: resource, id }: { readonly to: string; readonly id: Id }): VNode {
  const label = labelOf(resource, id)
  return (
    <a class="reference" href={to(['data', resource], { row: plainText(id) })} tabIndex={-1} title={plainText(id)}>
      {label !== null && <span dir="auto">{label.slice(0, 60)}</span>} <small>{lineOf(id, 60)}</small>
    </a>
  )
}

/** How wide a column is, in pixels. */
export function widthOf(field: FieldInfo): number {
  if (field.isId) return field.kind === 'text' ? 150 : 96
  switch (field.kind) {
    case 'boolean':
      return 90
    case 'integer':
    case 'number':
      return 120
    case 'date':
      return 110
    case 'datetime':
      return 170
    case 'one':
      return 170
    case 'many':
      return 140
    case 'choice':
      return 120
    case 'json':
      return 220
    default:
      return 200
  }
}

export const isRightAligned = ({ kind, isId }: FieldInfo): boolean => (kind === 'integer' || kind === 'number') && !isId
