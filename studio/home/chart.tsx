import type { VNode } from 'preact'

const WIDTH = 120
const HEIGHT = 32

/** A line of values over time, as small as a word. */
export function Chart({ values, label }: { readonly values: readonly number[]; readonly label: string }): VNode | null {
  if (values.length < 2) return null
  const most = Math.max(...values)
  const least = Math.min(0, ...values)
  const room = most - least || 1
  const x = (i: number): string => ((i / (values.length - 1)) * WIDTH).toFixed(1)
  const y = (value: number): string => (HEIGHT - 1 - ((value - least) / room) * (HEIGHT - 2)).toFixed(1)
  const line = values.map((value, i) => `${x(i)},${y(value)}`).join(' ')
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label} of the last ${values.length} seconds`}
    >
      <polygon points={`0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
      <polyline points={line} />
    </svg>
  )
}
