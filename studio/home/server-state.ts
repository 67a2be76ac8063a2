import { signal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { askServer, inner, type ServerState } from '../server/inner.ts'

/** How many states are kept: two minutes. */
const KEPT = 120

const states: Signal<readonly ServerState[]> = signal([])
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** The states of the server of the last two minutes, asked for each second while a part of the page shows them. */
export function useServer(): readonly ServerState[] {
  useEffect(() => {
    if (++users === 1) void look()
    return () => {
      if (--users === 0) clearTimeout(timer)
    }
  }, [])
  return states.value
}

async function look(): Promise<void> {
  if (users === 0) return
  if (inner.value && !document.hidden) {
    const state = await askServer().catch(() => null)
    // A server that was started again counts from the beginning.
    const isSame = state && (states.value.at(-1)?.uptime ?? 0) <= state.uptime
    if (state) states.value = [...(isSame ? states.value : []), state].slice(-KEPT)
  }
  if (users > 0) timer = setTimeout(() => void look(), 1_000)
}

interface Rate {
  readonly at: number
  readonly commits: number
  readonly changes: number
  readonly deliveries: number
  readonly cpu: number
  readonly memory: number
  readonly delay: number
  readonly lag: number
  readonly subscriptions: number
}

/** What happened each second. */
export function ratesOf(all: readonly ServerState[]): Rate[] {
  return all.slice(1).map((one, i) => {
    const before = all[i]!
    const seconds = Math.max(0.001, (one.at - before.at) / 1_000)
    return {
      at: one.at,
      commits: Math.max(0, one.commits - before.commits) / seconds,
      changes: Math.max(0, one.changes - before.changes) / seconds,
      deliveries: Math.max(0, one.deliveries - before.deliveries) / seconds,
      cpu: (100 * (one.cpu - before.cpu)) / seconds,
      memory: one.memory.rss,
      delay: one.delay,
      lag: one.lag,
      subscriptions: one.subscriptions,
    }
  })
}
