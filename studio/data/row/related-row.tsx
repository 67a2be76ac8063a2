import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { table, type Id, type Row } from '../../server/client.ts'
import { to } from '../../shell/route.ts'
import { lineOf } from '../../ui/words.ts'
import { useLastAnswer } from '../../ui/last-answer.ts'

/** How many of its values a preview shows. */
const SHOWN = 4

/** A related row in its first values, with a link to it. */
export function RelatedRow({ to: name, id }: { readonly to: string; readonly id: Id }): VNode | null {
  const [row, setRow] = useState<Row | null>(null)
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    setRow(null)
    lastAnswer(table(name).get(id)).then(setRow, () => {})
  }, [name, id])
  if (!row) return null
  const values = Object.entries(row)
    .filter(([, value]) => value !== null && !Array.isArray(value) && value !== id && value !== '')
    .slice(0, SHOWN)
  return (
    <a class="related" href={to(['data', name], { row: String(id) })}>
      {values.length === 0 && `${name} ${id}`}
      {values.map(([key, value]) => (
        <span key={key}>
          <small class="muted">{key}</small> <span dir="auto">{lineOf(value, 60)}</span>
        </span>
      ))}
    </a>
  )
}
