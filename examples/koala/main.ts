// node examples/koala/main.ts
import { api, handled, resource, serve, t } from '../../src/index.ts'

/** Notes about a zoo's thermometers. The notes are stored; the temperatures come from outside. */
const note = resource({ id: t.id(), at: t.now(), text: t.text() }).public()

const cages = new Map([
  ['koala', { id: 'koala', degrees: 21.5, heating: false }],
  ['penguin', { id: 'penguin', degrees: 4, heating: false }],
])

const app = api({
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
await serve(app)

// Tells subscribers about events outside. On Socket.IO they get them at once, and clients that return resume by position.
setInterval(() => {
  for (const cage of cages.values()) {
    const degrees = Math.round((cage.degrees + (cage.heating ? 0.5 : -0.1)) * 10) / 10
    cage.degrees = degrees
    void app.publish(`/cages/${cage.id}`, { patch: { degrees } })
  }
}, 1_000).unref()
