import { signal, type Signal } from '@preact/signals'
import type { VNode } from 'preact'

interface Toast {
  readonly n: number
  readonly text: string
  readonly isBad: boolean
}

const toasts: Signal<readonly Toast[]> = signal([])
let last = 0

/** Shows a message for a few seconds. */
export function say(text: string, isBad = false): void {
  const toast = { n: ++last, text, isBad }
  toasts.value = [...toasts.value, toast].slice(-4)
  setTimeout(() => (toasts.value = toasts.value.filter(one => one !== toast)), isBad ? 8_000 : 4_000)
}

/** Shows the message of an error for a few seconds. */
export function complain(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), true)
}

export function Toasts(): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ n, text, isBad }) => (
        <div key={n} class={isBad ? 'toast bad' : 'toast'}>
          {text}
        </div>
      ))}
    </div>
  )
}
