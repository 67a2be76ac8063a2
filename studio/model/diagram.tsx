import { graphlib, layout } from '@dagrejs/dagre'
import type { VNode } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { description, type ResourceInfo } from '../server/description.ts'
import { to } from '../shell/route.ts'
import { Button } from '../ui/controls.tsx'

const WIDTH = 210
const LINE = 22
const HEAD = 34
/** How many fields a box lists. */
const LISTED = 14
/** How small it is drawn at most without being asked. */
const SMALLEST = 0.7

interface Box {
  readonly resource: ResourceInfo
  readonly x: number
  readonly y: number
  readonly height: number
}

type Move = Readonly<Record<string, { readonly x: number; readonly y: number }>>

/** The resources and their relations as a drawing. Boxes can be moved, with the mouse or the arrow keys. */
export function Diagram(): VNode {
  const { resources } = description.value!
  const boxes = useMemo(() => laidOut(resources), [resources])
  const [moved, setMoved] = useState<Move>({})
  const [zoom, setZoom] = useState(1)
  const frame = useRef<HTMLDivElement>(null)
  const drag = useRef<{ readonly name: string; readonly x: number; readonly y: number } | null>(null)
  const placeOf = (box: Box): { x: number; y: number } => {
    const by = moved[box.resource.name]
    return { x: box.x + (by?.x ?? 0), y: box.y + (by?.y ?? 0) }
  }
  const shift = (name: string, x: number, y: number): void =>
    setMoved(all => ({ ...all, [name]: { x: (all[name]?.x ?? 0) + x, y: (all[name]?.y ?? 0) + y } }))
  const places = new Map(boxes.map(box => [box.resource.name, { ...placeOf(box), height: box.height }]))
  const width = Math.max(...[...places.values()].map(({ x }) => x + WIDTH)) + 40
  const height = Math.max(...[...places.values()].map(one => one.y + one.height)) + 40
  // At first all of it is seen, as long as it can be read.
  useLayoutEffect(() => setZoom(Math.max(SMALLEST, Math.min(1, frame.current!.clientWidth / width))), [boxes])
  return (
    <>
      <div class="toolbar">
        <Button kind="quiet" label="Smaller" onClick={() => setZoom(zoom / 1.2)}>
          −
        </Button>
        <Button kind="quiet" label="Larger" onClick={() => setZoom(zoom * 1.2)}>
          +
        </Button>
        <Button kind="quiet" onClick={() => setMoved({})}>
          Tidy up
        </Button>
      </div>
      <div class="diagram" ref={frame} tabIndex={0} role="group" aria-label="Diagram of the model">
        <svg width={width * zoom} height={height * zoom} viewBox={`0 0 ${width} ${height}`}>
          {edgesOf(resources).map(({ from, to: target, field, many }) => {
            const [a, b] = [places.get(from), places.get(target)]
            if (!a || !b) return null
            return (
              <Edge
                key={`${from} ${field}`}
                a={a}
                b={b}
                line={lineIn(resources, from, field)}
                many={many}
                title={`${from}.${field} → ${target}`}
              />
            )
          })}
          {boxes.map(box => {
            const { x, y } = placeOf(box)
            const { name } = box.resource
            return (
              <g
                key={name}
                class="box-node"
                transform={`translate(${x} ${y})`}
                // Names of attributes are case-sensitive within SVG.
                tabindex={0}
                role="group"
                aria-label={`${name}, move it with the arrow keys`}
                onKeyDown={event => {
                  const by = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[
                    event.key
                  ]
                  if (!by) return
                  event.preventDefault()
                  shift(name, by[0]!, by[1]!)
                }}
                onPointerDown={event => {
                  drag.current = { name, x: event.clientX, y: event.clientY }
                  event.currentTarget.setPointerCapture(event.pointerId)
                }}
                onPointerMove={event => {
                  if (drag.current?.name !== name) return
                  shift(name, (event.clientX - drag.current.x) / zoom, (event.clientY - drag.current.y) / zoom)
                  drag.current = { name, x: event.clientX, y: event.clientY }
                }}
                onPointerUp={() => (drag.current = null)}
              >
                <rect width={WIDTH} height={box.height} rx="8" />
                <a href={to(['data', name])}>
                  <text class="box-title" x="12" y="22">
                    {name}
                  </text>
                </a>
                {box.resource.fields.slice(0, LISTED).map((field, i) => (
                  <g key={field.name} transform={`translate(0 ${HEAD + i * LINE})`}>
                    <text class={field.to ? 'relation' : ''} x="12" y="15">
                      {field.name.slice(0, 20)}
                    </text>
                    <text class="type" x={WIDTH - 12} y="15" text-anchor="end">
                      {field.to ?? field.kind}
                    </text>
                  </g>
                ))}
                {box.resource.fields.length > LISTED && (
                  <text class="type" x="12" y={HEAD + LISTED * LINE + 15}>
                    and {box.resource.fields.length - LISTED} more
                  </text>
                )}
              </g>
            )
          })}
        </svg>
      </div>
    </>
  )
}

interface End {
  readonly x: number
  readonly y: number
  readonly height: number
}

function Edge({
  a,
  b,
  line,
  many,
  title,
}: {
  readonly a: End
  readonly b: End
  readonly line: number
  readonly many: boolean
  readonly title: string
}): VNode {
  const isRight = b.x > a.x
  const isSame = a === b
  const x1 = a.x + (isRight || isSame ? WIDTH : 0)
  const y1 = a.y + HEAD + line * LINE + LINE / 2
  const x2 = b.x + (isRight && !isSame ? 0 : WIDTH)
  const y2 = b.y + 16
  const bend = Math.max(40, Math.abs(x2 - x1) / 2)
  const c1 = x1 + (isRight || isSame ? bend : -bend)
  const c2 = x2 + (isRight && !isSame ? -bend : bend)
  return (
    <g class={many ? 'edge many' : 'edge'}>
      <title>{title}</title>
      <path d={`M${x1} ${y1} C${c1} ${y1} ${c2} ${y2} ${x2} ${y2}`} />
      <circle cx={x2} cy={y2} r="3" />
    </g>
  )
}

/** The relations, each once: the other side of a relation is the same line. */
function edgesOf(resources: readonly ResourceInfo[]): { from: string; to: string; field: string; many: boolean }[] {
  const leadsTo = (from: string, target: string, kind: 'one' | 'many'): boolean =>
    resources.find(one => one.name === from)?.fields.some(one => one.kind === kind && one.to === target) ?? false
  return resources.flatMap(({ name, fields }) =>
    fields.flatMap(({ name: field, kind, to: target }) => {
      if (target === null) return []
      const isOtherSide = leadsTo(target, name, 'one') || (leadsTo(target, name, 'many') && target < name)
      if (kind === 'many' && isOtherSide) return []
      return [{ from: name, to: target, field, many: kind === 'many' }]
    }),
  )
}

function lineIn(resources: readonly ResourceInfo[], name: string, field: string): number {
  const at = resources.find(one => one.name === name)!.fields.findIndex(one => one.name === field)
  return Math.min(at, LISTED)
}

function laidOut(resources: readonly ResourceInfo[]): Box[] {
  const graph = new graphlib.Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 36, ranksep: 90, marginx: 20, marginy: 20 })
  graph.setDefaultEdgeLabel(() => ({}))
  const heights = new Map(resources.map(one => [one.name, HEAD + LINE * Math.min(one.fields.length, LISTED + 1) + 10]))
  for (const [name, height] of heights) graph.setNode(name, { width: WIDTH, height })
  for (const { from, to: target } of edgesOf(resources)) graph.setEdge(from, target)
  layout(graph)
  return resources.map(resource => {
    const { x, y } = graph.node(resource.name)
    const height = heights.get(resource.name)!
    return { resource, x: x - WIDTH / 2, y: y - height / 2, height }
  })
}
