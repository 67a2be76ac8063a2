// Remult's live queries: the rule is SQL that is added to each query of an entity.
import type { IncomingMessage } from 'node:http'
import fastify from 'fastify'
import { peer } from './peer.ts'
import { readScaleStart, writeOnDemand, type ScaleStart } from './scale-start.ts'
import { openTables } from './scale-tables.ts'
import { tellReady } from './todo.ts'

const { describeClass, Entity, Fields, remult, repo, SqlDatabase } = await peer('remult')
const { remultApi } = await peer('remult/remult-fastify')
const { NodeSqliteDataProvider } = await peer('remult/remult-node-sqlite')

const start = readScaleStart()
/** Which todos a user may read; absent = all. */
const OWN: Readonly<Partial<Record<ScaleStart['reading'], (me: string) => string>>> = {
  relation: me => `list IN (SELECT id FROM list WHERE owner = ${me})`,
  membership: me => `list IN (SELECT list FROM member WHERE user = ${me})`,
  'any of three': me => `(open = 1 OR owner = ${me} OR list IN (SELECT list FROM member WHERE user = ${me}))`,
}
const own = OWN[start.reading]

interface Command {
  readonly param: (value: unknown) => string
}
class Todo {
  id = 0
  text = ''
}
describeClass(
  Todo,
  Entity('todo', {
    allowApiCrud: true,
    id: 'id',
    ...(own && {
      backendPrefilter: () => SqlDatabase.rawFilter(({ param }: Command) => own(param(Number(remult.user.id)))),
    }),
  }),
  {
    id: Fields.autoIncrement(),
    text: Fields.string(),
    n: Fields.integer(),
    open: Fields.integer(),
    owner: Fields.integer(),
    list: Fields.integer(),
  },
)
const served = remultApi({
  entities: [Todo],
  dataProvider: new SqlDatabase(new NodeSqliteDataProvider(openTables(start))),
  admin: false,
  getUser: ({ headers }: IncomingMessage) => ({ id: headers.authorization!.slice('Bearer '.length) }),
})
const app = fastify()
await app.register(served)
writeOnDemand((id, text) =>
  served.withRemult(undefined, async () => {
    remult.user = { id: '1' }
    await repo(Todo).update(id, { text })
  }),
)
await app.listen({ port: start.port, host: '127.0.0.1' })
tellReady(start.port)
