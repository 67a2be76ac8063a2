import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Id, Problem } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import { idOf } from '../server/ids.ts'
import { askMatrix, inner, type RoleMatrix as Matrix } from '../server/inner.ts'
import { to } from '../shell/route.ts'
import { Button } from '../ui/controls.tsx'
import { countWords } from '../ui/words.ts'
import { useLastAnswer } from '../ui/last-answer.ts'

const operations = ['read', 'create', 'write', 'delete'] as const

/** On how many rows of a resource users may do what. A number leads to the table, where the other rows are grey. */
export function RoleMatrix({ resource }: { readonly resource: ResourceInfo }): VNode {
  const [users, setUsers] = useState<readonly Id[] | undefined>(undefined)
  const [text, setText] = useState('')
  const [matrix, setMatrix] = useState<Matrix | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    setProblem(null)
    lastAnswer(askMatrix(resource.name, users)).then(setMatrix, (error: Problem) => setProblem(error.message))
  }, [resource, users])
  const known = matrix?.lines.flatMap(({ user }) => (user === null ? [] : [user])) ?? []
  return (
    <>
      {problem && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      {matrix && (
        <div class="scroll box">
          <table class="matrix">
            <thead>
              <tr>
                <th scope="col">Who</th>
                {operations.map(one => (
                  <th key={one} scope="col" class="right">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {matrix.lines.map(({ user, label, may }) => (
                <tr key={String(user)}>
                  <th scope="row" dir="auto">
                    {label || String(user)} {user !== null && <small class="muted">{user}</small>}
                  </th>
                  {operations.map(operation => (
                    <td key={operation} class="right">
                      <Reach
                        reach={may[operation]!}
                        rows={matrix.rows}
                        href={to(['data', resource.name], { as: user === null ? 'nobody' : String(user) })}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {inner.value?.users && (
        <form
          class="toolbar"
          onSubmit={event => {
            event.preventDefault()
            setUsers([...known, idOf(text.trim())])
            setText('')
          }}
        >
          <input
            aria-label={`Id of another ${inner.value.users}`}
            placeholder={`id of a ${inner.value.users}`}
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
          <Button type="submit" disabled={text.trim() === ''}>
            Compare
          </Button>
        </form>
      )}
    </>
  )
}

function Reach({
  reach,
  rows,
  href,
}: {
  readonly reach: number | 'all' | 'none' | '?'
  readonly rows: number
  readonly href: string
}): VNode {
  if (reach === 'all') return <span class="badge good">all</span>
  if (reach === 'none' || reach === 0) return <span class="badge bad">none</span>
  if (reach === '?')
    return (
      <span class="badge" title="It depends on what is written, or a function decides">
        depends
      </span>
    )
  return (
    <a href={href} title={`${countWords(reach)} of ${countWords(rows)} rows`}>
      {countWords(reach)} <small class="muted">of {countWords(rows)}</small>
    </a>
  )
}
