import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Filter, Problem } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import { explainQuery, inner, type ExplainedQuery } from '../../server/inner.ts'
import { Badge, Button, Tabs } from '../../ui/controls.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { copyText } from '../../ui/json.tsx'
import { useLastAnswer } from '../../ui/last-answer.ts'
import { say } from '../../ui/toast.tsx'
import { codeOf, type QueryLanguage } from './query-code.ts'
import { sortWords, type TableSort } from '../window/keyset.ts'

interface Query {
  readonly resource: ResourceInfo
  readonly filter: Filter | null
  readonly sort: TableSort
}

const languages: readonly { readonly name: QueryLanguage; readonly title: string }[] = [
  { name: 'url', title: 'URL' },
  { name: 'curl', title: 'curl' },
  { name: 'client', title: 'Client' },
  { name: 'live', title: 'Live' },
  { name: 'python', title: 'Python' },
]

/** The query of a table in the words of those who would write it, and in those of the database. */
export function CodeDialog({ onClose, ...query }: Query & { readonly onClose: () => void }): VNode {
  const [language, setLanguage] = useState<QueryLanguage | 'sql'>('url')
  const [explained, setExplained] = useState<ExplainedQuery | Problem | null>(null)
  const { resource, filter, sort } = query
  const isSql = language === 'sql'
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    if (!isSql) return
    const question = { resource: resource.name, filter, sort: sortWords(sort, resource.id), limit: 100 }
    lastAnswer(explainQuery(question)).then(setExplained, setExplained)
  }, [isSql])
  const text = isSql ? sqlIn(explained) : codeOf(language, resource, filter, sort)
  return (
    <Dialog
      title="This table as code"
      onClose={onClose}
      footer={
        <Button icon="copy" onClick={() => void copyText(text).then(() => say('Copied'))}>
          Copy
        </Button>
      }
    >
      <Tabs
        label="Language"
        all={inner.value ? [...languages, { name: 'sql' as const, title: 'SQL' }] : languages}
        chosen={language}
        onChoose={setLanguage}
      />
      <pre class="code" tabIndex={0}>
        {text}
      </pre>
      {isSql && explained && 'steps' in explained && <Plan explained={explained} />}
    </Dialog>
  )
}

function sqlIn(explained: ExplainedQuery | Problem | null): string {
  if (explained === null) return 'Loading …'
  if (!('steps' in explained)) return explained.message
  return explained.sql === null ? 'This store has no SQL.' : brokenSql(explained.sql)
}

/** How the database reads the rows, and what it costs to follow them. */
function Plan({ explained }: { readonly explained: ExplainedQuery }): VNode {
  const { values, steps, upkeep, reason, foundBy, hasFunction } = explained
  return (
    <dl class="plan">
      {values.length > 0 && (
        <>
          <dt>Values</dt>
          <dd>
            <code>{JSON.stringify(values)}</code>
          </dd>
        </>
      )}
      {steps.length > 0 && (
        <>
          <dt>Plan</dt>
          <dd>
            {steps.map(step => (
              <code key={step} class={/^SCAN|Seq Scan|TEMP B-TREE/.test(step) ? 'warn' : ''}>
                {step}
              </code>
            ))}
          </dd>
        </>
      )}
      <dt>Followed</dt>
      <dd>
        <Badge tone={upkeep === 'requeried' ? 'warn' : 'good'}>{upkeep}</Badge> {reason}
        {foundBy.length > 0 && <code>{foundBy.join(', ')}</code>}
      </dd>
      {hasFunction && (
        <>
          <dt>Rule</dt>
          <dd>A function of the declaration judges the rows that the SQL finds.</dd>
        </>
      )}
    </dl>
  )
}

/** One clause a line. */
function brokenSql(text: string): string {
  return text.replaceAll(/ (from|where|order by|limit|left join|inner join|and) /g, '\n$1 ')
}
