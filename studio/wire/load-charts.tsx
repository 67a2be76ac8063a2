import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { ratesOf, useServer } from '../home/server-state.ts'

const charts = [
  { title: 'Commits a second', of: 'commits', scale: 1 },
  { title: 'Changes a second', of: 'changes', scale: 1 },
  { title: 'Deliveries a second', of: 'deliveries', scale: 1 },
  { title: 'Commit lag, ms', of: 'lag', scale: 1 },
  { title: 'Event loop p99, ms', of: 'delay', scale: 1 },
  { title: 'Memory, MB', of: 'memory', scale: 1e-6 },
  { title: 'Processor, % of a core', of: 'cpu', scale: 1 },
  { title: 'Subscriptions', of: 'subscriptions', scale: 1 },
] as const

/** The last two minutes of the server. */
export function LoadCharts(): VNode {
  const rates = ratesOf(useServer())
  const times = rates.map(one => one.at / 1_000)
  return (
    <div class="charts">
      {charts.map(({ title, of, scale }) => (
        <TimeChart key={of} title={title} times={times} values={rates.map(one => one[of] * scale)} />
      ))}
    </div>
  )
}

function TimeChart({
  title,
  times,
  values,
}: {
  readonly title: string
  readonly times: readonly number[]
  readonly values: readonly number[]
}): VNode {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  useEffect(() => {
    const { current } = box
    if (!current) return
    const colour = (name: string): string => getComputedStyle(current).getPropertyValue(name)
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui',
    }
    plot.current = new UPlot(
      {
        width: current.clientWidth,
        height: 160,
        cursor: { drag: { x: false, y: false } },
        legend: { show: false },
        scales: { y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
        axes: [axis, { ...axis, size: 50 }],
        series: [
          {},
          { stroke: colour('--accent'), width: 1.5, fill: colour('--accent-soft'), points: { show: false } },
        ],
      },
      [[], []],
      current,
    )
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height: 160 }))
    observer.observe(current)
    return () => {
      observer.disconnect()
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData([[...times], [...values]]), [times.at(-1), values.length])
  const last = values.at(-1)
  return (
    <figure class="box chart">
      <figcaption>
        {title} <b>{last === undefined ? '' : last.toFixed(last < 10 ? 1 : 0)}</b>
      </figcaption>
      <div ref={box} />
    </figure>
  )
}
