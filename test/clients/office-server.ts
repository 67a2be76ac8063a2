// The server of the tests of clients in other languages: node test/clients/office-server.ts FILE PORT ACCESS, where ACCESS is
// how many seconds tokens last. It prints its URL.
import { abort, act, action, actions, always, api, handled, resource, serve, sqlite, t } from '../../src/index.ts'
import { lampsIn } from '../lamps.ts'

const [, , file, port, access] = process.argv as unknown as [string, string, string, string, string]

const open = { create: always, read: always, write: always }
const user = resource({ id: t.id(), email: t.email({ case: 'lower' }).unique(), password: t.password() })
  .login('email', 'password')
  .rules((me, user) => ({ create: always, read: user.is(me), write: user.is(me) }))
const note = resource
  .for(user)({ id: t.id(), text: t.text(), owner: t.one('user').default(({ me }) => me?.id) })
  .rules((me, note) => ({ create: me.signedIn, read: note.owner.is(me), write: note.owner.is(me) }))
const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).rules(() => open)
const tag = resource({ code: t.id('text', { client: true }), title: t.text().nullable() }).rules(() => open)
const todo = resource(
  {
    id: t.id(),
    text: t.text({ min: 1 }).describe('What is to be done'),
    done: t.bool().default(false),
    rank: t.integer().default(0),
    price: t.decimal({ digits: 9, places: 2 }).nullable(),
    due: t.datetime().nullable(),
    photo: t.file({ types: ['image/*'] }),
    list: t.one('list').nullable(),
    tag: t.one('tag').nullable(),
  },
  { bulk: true },
)
  .docs('Things to do.')
  .actions({
    close: action({
      on: 'row',
      docs: 'Marks it as done.',
      input: { why: t.text() },
      output: { closed: t.text() },
      run: ({ input, row }) => ({ closed: `${row['text']}: ${input.why}` }),
    }),
    get_open: action({
      input: { least: t.integer().default(0) },
      output: t.integer(),
      run: async ({ input, ctx }) => (await ctx.db.list('todo', { filter: { rank: { $gte: input.least } } })).length,
    }),
  })
  .rules(() => ({ ...open, actions: { close: always, get_open: always } }))
const hello = actions('Hello', 'Greets.', {
  get: act({ input: { name: t.text() }, output: t.text() }, ({ input }) => `Hello ${input.name}`),
  get_sum: act({ input: { numbers: t.list(t.integer()) }, output: t.integer() }, ({ input }) =>
    input.numbers.reduce((sum, one) => sum + one, 0),
  ),
  post_teapot: act({ output: t.text() }, () => abort(418, 'Teapot', 'short and stout')),
}).public()

const words = ['red', 'green']
let rings = 0
const house = handled(
  {
    ...lampsIn(new Map([1, 2].map(id => [id, { id, on: false }]))),
    '/words/': { get: () => words, create: (_, { word }: { word: string }) => (words.push(word), word) },
    '/words/<word>': { delete: ({ params }) => void words.splice(words.indexOf(params.word), 1) },
    '/bell': { get: () => rings, patch: () => void rings++ },
  },
  { public: true },
)

const app = api(
  { user, note, list, tag, todo, hello, house },
  {
    store: sqlite(file, { synchronous: 'normal' }),
    auth: { secret: 'only the tests of clients use it', access: Number(access), leeway: 0 },
    http: { log: () => {} },
    report: () => {},
  },
)
const { url } = await serve(app, { port: Number(port), report: () => {} })
console.log(url)
