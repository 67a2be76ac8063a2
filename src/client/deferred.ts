/** A promise that is settled from outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/** `Promise.withResolvers`, which Node 20 and browsers of 2023 lack. */
export function deferred<T = void>(): Deferred<T> {
  const made = {} as Deferred<T>
  const promise = new Promise<T>((resolve, reject) => Object.assign(made, { resolve, reject }))
  return Object.assign(made, { promise })
}
