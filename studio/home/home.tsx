import { Fragment, type VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Rule } from '../access/rule.tsx'
import { authorWords } from '../data/author-words.ts'
import { table } from '../server/client.ts'
import { description, type ResourceInfo } from '../server/description.ts'
import {
  askCommits,
  inner,
  isInnerKnown,
  loadInner,
  type Author,
  type InnerResource,
  type RecentCommit,
  type ServerState,
} from '../server/inner.ts'
import { to } from '../shell/route.ts'
import { Badge, Empty } from '../ui/controls.tsx'
import { useLastAnswer } from '../ui/last-answer.ts'
import { Who } from '../ui/who.tsx'
import { agoWords, byteWords, countWords, durationWords, nounWords } from '../ui/words.ts'
import { Chart } from './chart.tsx'
import { ratesOf, useServer } from './server-state.ts'
import { TableHead } from '../ui/table-head.tsx'

/** What there is, and how it is doing. */
export function Home(): VNode {
  const all = description.value!.resources
  const states = useServer()
  useEffect(() => {
    const timer = setInterval(() => {
      if (inner.value && !document.hidden) void loadInner()
    }, 5_000)
    return () => clearInterval(timer)
  }, [])
  const now = states.at(-1)
  return (
    <div class="page home">
      <header class="page-head">
        <h1>{description.value!.title}</h1>
        <span class="muted">{description.value!.version}</span>
      </header>
      {now && <Numbers states={states} />}
      <Warnings state={now} />
      <h2>Resources</h2>
      {all.length === 0 ? (
        <Empty title="No resources">Declare one, and it appears here.</Empty>
      ) : (
        <div class="cards">
          {all.map(one => (
            <ResourceCard
              key={one.name}
              resource={one}
              inner={inner.value?.resources.find(({ name }) => name === one.name)}
            />
          ))}
        </div>
      )}
      {now && (
        <div class="columns">
          <Recent state={now} />
          <Connected state={now} />
        </div>
      )}
    </div>
  )
}

function Numbers({ states }: { readonly states: readonly ServerState[] }): VNode {
  const now = states.at(-1)!
  const rates = ratesOf(states)
  const series = (pick: (rate: (typeof rates)[number]) => number): number[] => rates.map(pick)
  const last = rates.at(-1)
  return (
    <div class="numbers">
      <Number
        title="Commits a second"
        value={(last?.commits ?? 0).toFixed(last && last.commits < 10 ? 1 : 0)}
        series={series(one => one.commits)}
      />
      <Number
        title="Live queries"
        value={countWords(Object.values(now.queries).reduce((sum, n) => sum + n, 0))}
        note={`${countWords(now.subscriptions)} subscriptions`}
        series={series(one => one.subscriptions)}
      />
      <Number
        title="Deliveries a second"
        value={(last?.deliveries ?? 0).toFixed(last && last.deliveries < 10 ? 1 : 0)}
        note="events to subscribers"
        series={series(one => one.deliveries)}
      />
      <Number title="Memory" value={byteWords(now.memory.rss)} series={series(one => one.memory)} />
      <Number
        title="Event loop, p99"
        value={`${now.delay.toFixed(1)} ms`}
        note={`${(last?.cpu ?? 0).toFixed(0)} % of a core`}
        series={series(one => one.delay)}
      />
      <Number title="Up for" value={durationWords(now.uptime)} note={inner.value?.store} series={null} />
    </div>
  )
}

function Number({
  title,
  value,
  note,
  series,
}: {
  readonly title: string
  readonly value: string
  readonly note?: string | undefined
  readonly series: readonly number[] | null
}): VNode {
  return (
    <div class="number-card">
      <span class="muted">{title}</span>
      <b>{value}</b>
      <small class="muted">{note ?? '\u00a0'}</small>
      {series && <Chart values={series} label={title} />}
    </div>
  )
}

function Warnings({ state }: { readonly state: ServerState | undefined }): VNode | null {
  const { resources = [], warnings = [] } = inner.value ?? {}
  const refused = state?.requests?.refused ?? 0
  const all = [
    ...(state?.isRefusing ? ['The server is overloaded, and refuses requests at this moment.'] : []),
    ...(refused > 0 ? [`${nounWords(refused, 'request')} refused because of overload since the start.`] : []),
    ...warnings,
  ]
  const named = namesByWarning(resources)
  if (all.length + named.size === 0) return null
  return (
    <ul class="warnings" aria-label="Warnings">
      {all.map(text => (
        <li key={text} class="notice warn">
          {text}
        </li>
      ))}
      {[...named].map(([text, names]) => (
        <li key={text} class="notice warn">
          {names.map((name, i) => (
            <Fragment key={name}>
              {i > 0 && ', '}
              <a href={to(['model', 'fields'])} dir="auto">
                {name}
              </a>
            </Fragment>
          ))}
          : {text}
        </li>
      ))}
    </ul>
  )
}

/** The warnings about resources, each once, with the names of all that it is about. */
function namesByWarning(resources: readonly InnerResource[]): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>()
  for (const { name, warnings } of resources)
    for (const text of warnings) named.set(text, [...(named.get(text) ?? []), name])
  return named
}

function ResourceCard({
  resource,
  inner: known,
}: {
  readonly resource: ResourceInfo
  readonly inner: InnerResource | undefined
}): VNode {
  const [count, setCount] = useState<number | null>(null)
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    if (known || !isInnerKnown.value) return
    lastAnswer(table(resource.name).list({ limit: 1, total: true })).then(
      ({ total }) => setCount(total ?? null),
      () => {},
    )
  }, [resource, known === undefined, isInnerKnown.value])
  const rows = known?.rows ?? count
  const relations = resource.fields.filter(one => one.to)
  return (
    <a class="card" href={to(['data', resource.name])}>
      <span class="card-head">
        <b dir="auto">{resource.name}</b>
        <span class="card-count">{rows === null ? '' : countWords(rows)}</span>
      </span>
      <span class="muted">
        {nounWords(resource.fields.length, 'field')}
        {relations.length > 0 && `, ${nounWords(relations.length, 'relation')}`}
      </span>
      {known && (
        <dl class="rules">
          {Object.entries(known.rules).map(([word, rule]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>
                <Rule text={rule} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </a>
  )
}

function Recent({ state }: { readonly state: ServerState }): VNode {
  const [before, setBefore] = useState<readonly RecentCommit[]>([])
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    lastAnswer(askCommits()).then(setBefore, () => {})
  }, [])
  const known = new Set(state.recent.map(({ position }) => position))
  const all = [...before.filter(({ position }) => !known.has(position)), ...state.recent]
  // Commits without a change of a resource are of the server itself, such as those of sessions.
  const recent = all
    .filter(({ size }) => size > 0)
    .toReversed()
    .slice(0, 12)
  return (
    <section class="box">
      <h2>Last changes</h2>
      {recent.length === 0 ? (
        <p class="muted">Nothing has been changed yet.</p>
      ) : (
        <ol class="recent">
          {recent.map(one => (
            <li key={one.position}>
              <time class="muted" dateTime={new Date(one.at).toISOString()}>
                {agoWords(one.at, state.at)}
              </time>
              <span>
                {one.changes.map(({ resource, id, op, fields }) => (
                  <a key={`${resource} ${id}`} class="change" href={to(['data', resource], { row: String(id) })}>
                    <Badge tone={op === 'delete' ? 'bad' : op === 'create' ? 'good' : 'plain'}>{op}</Badge> {resource}{' '}
                    {id} <span class="muted">{fields.join(', ')}</span>
                  </a>
                ))}
                {one.size > one.changes.length && (
                  <span class="muted">and {countWords(one.size - one.changes.length)} more</span>
                )}
                {isNamed(one) && (
                  <span class="muted by">
                    by <span dir="auto">{authorWords(one.by)}</span>
                  </span>
                )}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** Whether it is said who made a commit. Where nobody logs in, all are anonymous. */
const isNamed = (commit: RecentCommit): commit is RecentCommit & { readonly by: NonNullable<Author> } =>
  commit.by !== null && (commit.by.id !== null || description.value!.login !== null)

function Connected({ state }: { readonly state: ServerState }): VNode {
  return (
    <section class="box">
      <h2>
        Connected <Badge>{state.connections.length}</Badge>
      </h2>
      {state.connections.length === 0 ? (
        <p class="muted">Nobody is connected by a socket or a stream.</p>
      ) : (
        <table>
          <TableHead names={['Who', 'How', 'Follows', 'Waits', 'Since']} />
          <tbody>
            {state.connections.map((one, i) => (
              <tr key={i}>
                <td>
                  {one.who === null ? <span class="muted">anonymous</span> : <Who id={one.who} label={one.label} />}
                </td>
                <td>
                  {one.face} <span class="muted">{one.address ?? ''}</span>
                </td>
                <td>{one.subscriptions}</td>
                <td class={one.waiting > 0 ? '' : 'muted'}>{one.waiting === 0 ? '–' : byteWords(one.waiting)}</td>
                <td>{agoWords(one.since, state.at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
