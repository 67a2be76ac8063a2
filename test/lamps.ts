import type { ItemHandlers, ListHandlers } from '../src/model/declare/handled.ts'

export interface Lamp {
  readonly id: number
  readonly on: boolean
  readonly text?: string
}

/** Lamps that functions serve, kept in a map. */
export function lampsIn(lit: Map<number, Lamp>): {
  readonly '/lamps/': ListHandlers
  readonly '/lamps/<int:key>': ItemHandlers<{ readonly key: number }>
} {
  return {
    '/lamps/': {
      get: () => [...lit.values()],
      create: (_, given: { on: boolean }) => {
        const lamp = { id: lit.size + 1, on: given.on }
        lit.set(lamp.id, lamp)
        return lamp
      },
    },
    '/lamps/<int:key>': {
      get: ({ params }) => lit.get(params.key),
      patch: ({ params }, patch: Partial<Lamp>) => void lit.set(params.key, { ...lit.get(params.key)!, ...patch }),
      delete: ({ params }) => void lit.delete(params.key),
    },
  }
}
