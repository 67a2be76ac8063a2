import type { VNode } from 'preact'
import { inner } from '../server/inner.ts'
import { route, to } from '../shell/route.ts'
import { Empty, Tabs } from '../ui/controls.tsx'
import { Jobs } from './jobs.tsx'
import { Limits } from './limits.tsx'
import { Metrics } from './metrics.tsx'
import { Sessions } from './sessions.tsx'

type View = 'jobs' | 'sessions' | 'limits' | 'metrics'

/** What runs on the server, who is logged in, and what it allows. */
export function AdminPage(): VNode {
  const known = inner.value
  const views: { name: View; title: string }[] = [
    ...(known?.has.jobs ? [{ name: 'jobs' as const, title: 'Jobs' }] : []),
    ...(known?.has.sessions ? [{ name: 'sessions' as const, title: 'Sessions' }] : []),
    { name: 'limits', title: 'Limits' },
    { name: 'metrics', title: 'Metrics' },
  ]
  const view = views.find(({ name }) => name === route.value.path[1])?.name ?? views[0]!.name
  return (
    <div class="page admin">
      <header class="page-head">
        <h1>Server</h1>
        <span class="space" />
        {known && (
          <Tabs
            label="What to look at"
            all={views}
            chosen={view}
            onChoose={name => (location.hash = to(['server', name]))}
          />
        )}
      </header>
      {!known ? (
        <Empty title="This is not for you">A rule of the studio decides who looks after the server.</Empty>
      ) : view === 'jobs' ? (
        <Jobs />
      ) : view === 'sessions' ? (
        <Sessions />
      ) : view === 'limits' ? (
        <Limits model={known} />
      ) : known.has.metrics ? (
        <Metrics />
      ) : (
        <Empty title="No metrics">
          Serve them with{' '}
          <code>
            http: {'{'} metrics: true {'}'}
          </code>
          , or to some callers with a function.
        </Empty>
      )}
    </div>
  )
}
