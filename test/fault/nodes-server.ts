// A node that is there to be killed: node test/fault/nodes-server.ts URL SCHEMA NATS PLANTED. It prints its URL. Pieces of its
// sources are replaced as they are loaded (PLANTED is JSON).
import { registerHooks } from 'node:module'
import type { Planted } from './oracle-planted.ts'

const [, , database, schema, natsUrl, faults] = process.argv as [string, string, string, string, string, string]
const planted = JSON.parse(faults) as Planted[]

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    for (const { file, find, replace } of planted) {
      if (!url.endsWith(`/src/${file}`)) continue
      const source = String(loaded.source)
      if (source.split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`)
      loaded.source = source.replace(find, () => replace)
    }
    return loaded
  },
})

const { api } = await import('../../src/api.ts')
const { serve } = await import('../../src/serve.ts')
const { nats } = await import('../../src/store/bus/nats.ts')
const { postgres } = await import('../../src/store/postgres/index.ts')
const { authenticate, models } = await import('./live-model.ts')

const bus = natsUrl === '' ? {} : { bus: nats(natsUrl) }
const app = api(models, {
  store: postgres(database, { schema, readers: 4, ...bus }),
  authenticate,
  report: () => {},
  limits: { messageRate: 10_000, messageBurst: 10_000, maxPage: 100_000, connectionsPerAddress: 10_000 },
  // Faults of the database are what this is about.
  onFault: () => {},
  http: { changes: () => true, log: () => {} },
})
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)
