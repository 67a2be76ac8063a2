import { useEffect, useState } from 'preact/hooks'
import { useLastAnswer } from './last-answer.ts'

/** What a function resolves to, asked again and again while the page is in view; null = nothing has come yet. `again` asks at once. */
export function usePolled<T>(ask: () => Promise<T>, milliseconds: number): { value: T | null; again: () => void } {
  const [value, setValue] = useState<T | null>(null)
  const lastAnswer = useLastAnswer()
  const again = (): void => void lastAnswer(ask()).then(setValue, () => {})
  useEffect(() => {
    again()
    const timer = setInterval(() => document.hidden || again(), milliseconds)
    return () => clearInterval(timer)
  }, [])
  return { value, again }
}
