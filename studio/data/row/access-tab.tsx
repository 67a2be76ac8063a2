import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Id, Problem } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { idOf } from '../../server/ids.ts'
import { askVerdicts, askWhole, inner, type Verdict, type WholeVerdict } from '../../server/inner.ts'
import { Badge } from '../../ui/controls.tsx'
import { useLastAnswer } from '../../ui/last-answer.ts'

/** What somebody may do with a row, and the part of the rule that decides. */
export function AccessTab({ resource, id }: { readonly resource: ResourceInfo; readonly id: Id }): VNode {
  const [who, setWho] = useState('')
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const [whole, setWhole] = useState<WholeVerdict | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [lastVerdicts, lastWhole] = [useLastAnswer(), useLastAnswer()]
  const mayLookAs = inner.value?.may.lookAs ?? false
  useEffect(() => {
    setProblem(null)
    const user = who === '' ? undefined : who === 'nobody' ? null : idOf(who)
    lastVerdicts(askVerdicts(resource.name, [id], user)).then(
      ([found]) => setVerdict(found ?? null),
      (error: Problem) => setProblem(error.message),
    )
    lastWhole(askWhole(resource.name, user)).then(setWhole, () => setWhole(null))
  }, [resource, id, who])
  return (
    <div class="access">
      {mayLookAs && (
        <label class="field">
          <span>As whom</span>
          <input
            value={who}
            placeholder={`you; nobody; an id of ${inner.value?.users ?? 'a user'}`}
            onChange={event => setWho(event.currentTarget.value.trim())}
          />
        </label>
      )}
      {problem && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      {verdict && <Verdicts {...verdict} />}
      {whole && (
        <>
          <h2>Without a row</h2>
          <Verdicts {...whole} />
        </>
      )}
    </div>
  )
}

/** Whether the caller may create a row, unless everybody may who is allowed to look. */
export function MayCreate({ resource }: { readonly resource: ResourceInfo }): VNode | null {
  const [whole, setWhole] = useState<WholeVerdict | null>(null)
  const lastAnswer = useLastAnswer()
  const isInner = inner.value !== null
  useEffect(() => {
    if (isInner) lastAnswer(askWhole(resource.name)).then(setWhole, () => {})
  }, [resource, isInner])
  const may = whole?.may['create']
  if (!whole || may === true || may === undefined) return null
  return (
    <div class="access">
      <Verdicts may={{ create: may }} why={whole.why} />
    </div>
  )
}

/** Each operation, whether it is allowed, and the parts of its rule. */
function Verdicts({ may, why }: WholeVerdict): VNode {
  return (
    <>
      {Object.entries(may).map(([operation, allowed]) => (
        <section key={operation} class="verdict">
          <h3>
            {operation}{' '}
            <Badge tone={allowed === null ? 'plain' : allowed ? 'good' : 'bad'}>
              {allowed === null ? 'depends on what is written' : allowed ? 'allowed' : 'refused'}
            </Badge>
          </h3>
          <pre class="code" tabIndex={0}>
            {why[operation]?.join('\n')}
          </pre>
        </section>
      ))}
    </>
  )
}
