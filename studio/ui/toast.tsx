import { signal, type Signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'

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

/** Where messages can be shown: on the page, and in each dialog that is open. What is outside of a dialog is covered and inert. */
const places: Signal<readonly symbol[]> = signal([])

/** The messages, if this is the topmost place for them. `onPage` = it is the one below all dialogs. */
export function Toasts({ onPage = false }: { readonly onPage?: boolean }): VNode {
  const place = useMemo(() => Symbol('place'), [])
  useEffect(() => {
    places.value = onPage ? [place, ...places.value] : [...places.value, place]
    return () => void (places.value = places.value.filter(one => one !== place))
  }, [])
  const shown = places.value.at(-1) === place ? toasts.value : []
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ n, text, isBad }) => (
        <div key={n} class={isBad ? 'toast bad' : 'toast'}>
          {text}
        </div>
      ))}
    </div>
  )
}
