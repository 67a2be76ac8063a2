import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { inner } from '../server/inner.ts'
import { Tabs } from '../ui/controls.tsx'
import { FrameList } from './frame-list.tsx'
import { QueryList } from './query-list.tsx'
import { LoadCharts } from './load-charts.tsx'

type View = 'frames' | 'queries' | 'load'

/** What goes over the wire. */
export function Wire(): VNode {
  const [view, setView] = useState<View>('frames')
  const views: { name: View; title: string }[] = [{ name: 'frames', title: 'Frames of this page' }]
  if (inner.value) views.push({ name: 'queries', title: 'Queries of the server' }, { name: 'load', title: 'Load' })
  return (
    <div class="page wire">
      <header class="page-head">
        <h1>Wire</h1>
        <span class="space" />
        <Tabs label="What to look at" all={views} chosen={view} onChoose={setView} />
      </header>
      {view === 'frames' ? <FrameList /> : view === 'queries' ? <QueryList /> : <LoadCharts />}
    </div>
  )
}
