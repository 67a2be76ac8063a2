import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { askCommits, inner, type RecentCommit } from '../server/inner.ts'
import { setQuery, to } from '../shell/route.ts'
import { Button } from '../ui/controls.tsx'
import { useLastAnswer } from '../ui/last-answer.ts'
import { lineOf } from '../ui/words.ts'

/** Shows the table as it was at an earlier position: one of the newest commits, or any that somebody has seen. */
export function TimeBar({ at }: { readonly at: string }): VNode {
  const [commits, setCommits] = useState<readonly RecentCommit[] | null>(null)
  const [text, setText] = useState(at)
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    if (inner.value) lastAnswer(askCommits()).then(setCommits, () => {})
  }, [inner.value === null])
  useEffect(() => setText(at), [at])
  const all = commits ?? []
  const index = all.findIndex(one => one.position === at)
  const choose = (position: string): void => setQuery({ at: position }, true)
  const step = (by: number): void => {
    const next = all[Math.max(0, Math.min(all.length - 1, (index < 0 ? all.length - 1 : index) + by))]
    if (next) choose(next.position)
  }
  const chosen = all[index]
  return (
    <section class="time-bar notice" aria-label="Time travel">
      <b>As it was</b>
      {all.length > 1 && (
        <>
          <Button kind="quiet" label="One commit earlier" onClick={() => step(-1)}>
            ‹
          </Button>
          <input
            type="range"
            aria-label="Commit"
            min={0}
            max={all.length - 1}
            value={index < 0 ? all.length - 1 : index}
            onInput={event => choose(all[Number(event.currentTarget.value)]!.position)}
          />
          <Button kind="quiet" label="One commit later" onClick={() => step(1)}>
            ›
          </Button>
        </>
      )}
      <form
        onSubmit={event => {
          event.preventDefault()
          choose(text.trim())
        }}
      >
        <input
          class="code"
          aria-label="Position, entity tag or event id"
          title="A position, an entity tag or an event id that you have seen"
          value={text}
          onInput={event => setText(event.currentTarget.value.replaceAll('"', ''))}
        />
      </form>
      {chosen && (
        <span class="muted">
          after <ChangeWords {...chosen} />
        </span>
      )}
      {commits && all.length < 2 && (
        <span class="muted">No earlier commit is listed. Name a position you have seen.</span>
      )}
      <span class="space" />
      <Button onClick={() => setQuery({ at: null })}>Back to now</Button>
    </section>
  )
}

/** What a commit did, with a link to its first row, also if that was deleted. */
function ChangeWords({ at, changes, size }: RecentCommit): VNode {
  const [first] = changes
  return (
    <>
      {first ? (
        <a href={to(['data', first.resource], { row: String(first.id) })}>
          {first.op} {first.resource} {lineOf(first.id, 13)}
        </a>
      ) : (
        'a change'
      )}
      {size > 1 && ` and ${size - 1} more`}, {new Date(at).toLocaleTimeString()}
    </>
  )
}
