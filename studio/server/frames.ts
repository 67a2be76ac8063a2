import { signal, type Signal } from '@preact/signals'

/** Something that went over the wire, in one direction. */
export interface WireFrame {
  readonly n: number
  /** Milliseconds since the page was opened. */
  readonly at: number
  readonly carrier: 'ws' | 'http' | 'sse'
  readonly direction: 'out' | 'in'
  /** Which socket or request it belongs to. */
  readonly of: number
  /** What it is, in a word or two: `subscribe`, `GET /todo`, `200`. */
  readonly head: string
  readonly text: string
  /** How many milliseconds after its question an answer came; null = it is no answer. */
  readonly took: number | null
}

/** How many frames are kept. */
const MOST = 2_000

const kept: WireFrame[] = []
let last = 0
let isDue = false

/** Changes when frames have been added. Read `frames()` then. */
export const framesVersion: Signal<number> = signal(0)

/** The newest frames, the oldest first. */
export const frames = (): readonly WireFrame[] => kept

/** Keeps a frame. The page is told of all frames of a turn at once. */
export function keepFrame(frame: Omit<WireFrame, 'n' | 'at' | 'took'>): void {
  const at = performance.now()
  kept.push({ ...frame, n: ++last, at, took: answerTime(frame, at) })
  if (kept.length > MOST + 500) kept.splice(0, kept.length - MOST)
  if (isDue) return
  isDue = true
  setTimeout(() => {
    isDue = false
    framesVersion.value++
  }, 100)
}

export function clearFrames(): void {
  kept.length = 0
  framesVersion.value++
}

/** When questions were sent that have no answer yet. */
const asked = new Map<string, number>()

function answerTime({ carrier, direction, of, text }: Omit<WireFrame, 'n' | 'at' | 'took'>, at: number): number | null {
  // The id of a message stands near its beginning.
  const id = carrier === 'http' ? '' : /"id":("[^"]{1,64}"|\d+)/.exec(text.slice(0, 200))?.[1]
  if (id === undefined) return null
  const key = `${carrier} ${of} ${id}`
  if (direction === 'out') {
    asked.set(key, at)
    if (asked.size > MOST) asked.delete(asked.keys().next().value!)
    return null
  }
  const since = asked.get(key)
  asked.delete(key)
  return since === undefined ? null : at - since
}
