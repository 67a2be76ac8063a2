import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Id, Problem } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { idOf } from '../../server/ids.ts'
import { askVerdicts, inner, type Verdict } from '../../server/inner.ts'
import { Badge } from '../../ui/controls.tsx'

/** What somebody may do with a row, and the part of the rule that decides. */
export function AccessTab({ resource, id }: { readonly resource: ResourceInfo; readonly id: Id }): VNode {
  const [who, setWho] = useState('')
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const mayLookAs = inner.value?.may.lookAs ?? false
  useEffect(() => {
    setProblem(null)
    const user = who === '' ? undefined : who === 'nobody' ? null : idOf(who)
    askVerdicts(resource.name, [id], user).then(
      ([found]) => setVerdict(found ?? null),
      (error: Problem) => setProblem(error.message),
    )
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
      {verdict &&
        Object.entries(verdict.may).map(([operation, allowed]) => (
          <section key={operation} class="verdict">
            <h3>
              {operation} <Badge tone={allowed ? 'good' : 'bad'}>{allowed ? 'allowed' : 'refused'}</Badge>
            </h3>
            <pre class="code" tabIndex={0}>
              {verdict.why[operation]?.join('\n')}
            </pre>
          </section>
        ))}
    </div>
  )
}
