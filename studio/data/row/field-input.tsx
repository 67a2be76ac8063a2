import type { VNode } from 'preact'
import { CodeEditor } from '../../ui/code-editor.tsx'
import type { FieldInfo } from '../../server/fields.ts'
import { plainText } from '../../ui/words.ts'

/** A value as the text of an input. */
export function textOf(field: FieldInfo, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (field.kind === 'json' || field.kind === 'many') return JSON.stringify(value, null, 2)
  return plainText(value)
}

/** The text of an input as a value. Throws Error with a sentence if it is none. */
export function valueOf(field: FieldInfo, text: string): unknown {
  const isId = field.kind === 'one'
  if (text === '' && (field.nullable || isId)) return null
  switch (field.kind) {
    case 'integer':
    case 'number':
      return numberOf(text)
    case 'boolean':
      if (!/^(?:true|false)$/i.test(text)) throw new Error('must be true or false')
      return text.toLowerCase() === 'true'
    case 'json':
    case 'many':
      try {
        return JSON.parse(text === '' ? 'null' : text)
      } catch {
        throw new Error('must be JSON')
      }
    case 'one':
      return [field.schema['type']].flat().includes('integer') ? numberOf(text) : text
    default:
      return text
  }
}

function numberOf(text: string): number {
  const n = Number(text)
  if (text.trim() === '' || Number.isNaN(n)) throw new Error('must be a number')
  return n
}

interface InputProps {
  readonly field: FieldInfo
  readonly id?: string
  readonly text: string
  readonly onText: (text: string) => void
  readonly invalid?: boolean
  readonly describedBy?: string | undefined
  readonly autofocus?: boolean
}

/** The input that fits a field. */
export function FieldInput({
  field,
  id,
  text,
  onText,
  invalid = false,
  describedBy,
  autofocus = false,
}: InputProps): VNode {
  const common = {
    id,
    'aria-invalid': invalid || undefined,
    'aria-describedby': describedBy,
    'aria-label': id === undefined ? field.name : undefined,
    ref: (element: HTMLElement | null) => {
      if (autofocus) element?.focus()
    },
  }
  const typed = (event: Event): void => onText((event.target as HTMLInputElement).value)
  switch (field.kind) {
    case 'boolean':
    case 'choice': {
      const all = field.kind === 'boolean' ? ['true', 'false'] : field.choices.map(String)
      return (
        <select {...common} value={text} onChange={typed}>
          {(field.nullable || text === '') && <option value="">{field.nullable ? 'null' : 'choose …'}</option>}
          {all.map(one => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )
    }
    case 'date':
      return <input {...common} type="date" value={text} onInput={typed} />
    case 'integer':
    case 'number':
      return (
        <input
          {...common}
          inputMode="decimal"
          value={text}
          onInput={typed}
          placeholder={field.nullable ? 'null' : ''}
        />
      )
    case 'json':
    case 'many':
      return (
        <CodeEditor
          id={id}
          label={field.name}
          text={text}
          onText={onText}
          invalid={invalid}
          describedBy={describedBy}
        />
      )
    case 'text':
      if ((field.schema['maxLength'] ?? 1_000) > 200 && text.length > 60)
        return (
          <textarea
            {...common}
            dir="auto"
            rows={Math.min(8, 2 + Math.floor(text.length / 60))}
            value={text}
            onInput={typed}
          />
        )
      return (
        <input
          {...common}
          dir="auto"
          {...(field.isShown ? {} : { type: 'password' })}
          autocomplete="off"
          value={text}
          onInput={typed}
          placeholder={field.nullable ? 'null' : ''}
        />
      )
    default:
      return (
        <input
          {...common}
          value={text}
          onInput={typed}
          placeholder={field.nullable ? 'null' : field.kind === 'datetime' ? '2026-01-31T12:00:00Z' : ''}
        />
      )
  }
}
