import { useEffect, useRef, useState } from 'preact/hooks'

/** What a function resolves to, asked again and again while the page is in view; null = nothing has come yet. `again` asks at once. */
export function usePolled<T>(ask: () => Promise<T>, milliseconds: number): { value: T | null; again: () => void } {
  const [value, setValue] = useState<T | null>(null)
  const asked = useRef(0)
  /** Which answer is shown. An earlier one that comes later is not; others are, however slow the server is. */
  const shown = useRef(0)
  const again = (): void => {
    const own = ++asked.current
    ask().then(
      answer => {
        if (own < shown.current) return
        shown.current = own
        setValue(answer)
      },
      () => {},
    )
  }
  useEffect(() => {
    again()
    const timer = setInterval(() => document.hidden || again(), milliseconds)
    return () => clearInterval(timer)
  }, [])
  return { value, again }
}
