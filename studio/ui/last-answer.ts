import { useCallback, useEffect, useRef } from 'preact/hooks'

/**
 * Hands on only what the last question is answered, while the component is shown. Answers may come in another order than they
 * were asked for, and an earlier one says nothing about what is shown by now.
 *
 * @example
 * const lastAnswer = useLastAnswer()
 * useEffect(() => void lastAnswer(readRow(resource, id)).then(setRow, complain), [resource, id])
 */
export function useLastAnswer(): <T>(question: Promise<T>) => Promise<T> {
  const asked = useRef(0)
  useEffect(() => () => void asked.current++, [])
  return useCallback(<T>(question: Promise<T>) => {
    const own = ++asked.current
    return new Promise<T>((resolve, reject) => {
      question.then(
        answer => own === asked.current && resolve(answer),
        (error: Error) => own === asked.current && reject(error),
      )
    })
  }, [])
}
