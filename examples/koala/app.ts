import { api, handled, resource, t, type Api } from '../../src/index.ts'

/** Notes about a zoo's thermometers. The notes are stored; the temperatures come from outside. */
const note = resource({ id: t.id(), at: t.now(), text: t.text() }).public()

interface Cage {
  readonly id: string
  degrees: number
  heating: boolean
}

export const cages: Map<string, Cage> = new Map([
  ['koala', { id: 'koala', degrees: 21.5, heating: false }],
  ['penguin', { id: 'penguin', degrees: 4, heating: false }],
])

export const app: Api = api({
  note,
  cages: handled(
    {
      '/cages/': { get: () => [...cages.values()] },
      '/cages/<any(koala,penguin):id>': {
        get: ({ params }) => cages.get(params.id),
        patch: [
          // All functions get the same patch. Subscribers get it as the last function leaves it.
          (_, patch: { heating?: boolean }) => {
            for (const name of Object.keys(patch))
              if (name !== 'heating') delete (patch as Record<string, unknown>)[name]
          },
          async ({ params, db }, { heating }: { heating?: boolean }) => {
            if (heating === undefined) return
            cages.get(params.id)!.heating = heating
            await db.post('note', { text: `${params.id}: heating ${heating ? 'on' : 'off'}` })
          },
        ],
      },
    },
    { public: true },
  ),
})
