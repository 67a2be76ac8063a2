// Several calls, all or nothing. It is loaded when it is needed.
import type { Answer, Call } from '../call.ts'
import type { Core } from '../core.ts'
import { deferred, type Deferred } from '../deferred.ts'
import type { Http } from '../http.ts'
import type { ActionOptions } from '../types/client.ts'

/** What resources need to record their calls. */
type BatchCore = Pick<Core, 'call' | 'known' | 'live'>

/** Collects the calls that `ask` makes, and sends them together. Resolves to what `ask` returns, answered. */
export async function batch(
  http: Http,
  resourceOf: (name: string, core: BatchCore) => object,
  ask: (batch: object) => readonly unknown[],
  { key, signal }: ActionOptions = {},
): Promise<unknown[]> {
  const calls: Call[] = []
  const answers: Deferred<Answer>[] = []
  /** The calls by what they return. */
  const numbers = new WeakMap<object, number>()
  const core: BatchCore = {
    call(call) {
      const answer = deferred<Answer>()
      calls.push(call)
      answers.push(answer)
      return answer.promise
    },
    known: () => undefined,
    live: () => {
      throw new TypeError('a batch has no live queries')
    },
  }
  const recorded = (name: string): object =>
    new Proxy(resourceOf(name, core), {
      get(resource, operation) {
        const call = Reflect.get(resource, operation) as (...given: unknown[]) => Promise<unknown>
        return (...given: unknown[]) => {
          const number = calls.length
          const promise = call(...given)
          numbers.set(promise, number)
          // A refusal is told once: by the batch.
          promise.catch(() => {})
          return promise
        }
      },
    })
  const own = { $ref: (row: object) => ({ $ref: String(numbers.get(row)) }) }
  const results = ask(
    new Proxy(own, { get: (known, name) => (name === '$ref' ? known.$ref : recorded(name as string)) }),
  )
  const data = calls.map((call, number) => {
    const headers = call.ifMatch === undefined ? undefined : { 'If-Match': `"${call.ifMatch}"` }
    return { id: String(number), ...http.wordsOf(call), headers }
  })
  try {
    const { data: outcomes } = await http.call({ op: 'act', uri: '/batch', data, key, signal })
    for (const [number, { status, body }] of (outcomes as { status: number; body: unknown }[]).entries())
      answers[number]!.resolve({ status, data: body })
  } catch (problem) {
    for (const { reject } of answers) reject(problem)
    throw problem
  }
  return Promise.all(results)
}
