import { act, action, actions, any, api, memory, resource, t, type Api } from '../../src/index.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  password: t.password(),
  tasks: t.back('task', 'user'),
})
  .login('email', 'password')
  .rules(me => ({ read: me.signedIn, create: me.signedIn, write: me.signedIn }))

const task = resource
  .for(user)({
    id: t.id(),
    title: t.text({ min: 1, max: 80 }).title('Title').describe('What there is to do').example('Write a letter'),
    done: t.bool().default(false),
    secret: t.text().nullable(),
    due: t.date({ after: '2000-01-01' }).nullable(),
    price: t.decimal({ digits: 6, places: 2 }).default('0.00'),
    tags: t.list(t.text({ max: 20 }), { max: 5, unique: true }).default([]),
    size: t.enum(['small', 'large']).nullable(),
    user: t.one('user'),
    watchers: t.many('user'),
    made: t.now(),
  })
  .docs('Tasks, each for somebody.')
  .rules((me, task) => ({
    read: any(task.done.is(true), me.signedIn),
    create: me.signedIn,
    write: me.signedIn,
    actions: { close: me.signedIn },
    fields: { secret: { read: me.signedIn } },
  }))
  .actions({
    close: action({
      on: 'row',
      input: { why: t.text().nullable() },
      output: { ok: t.bool() },
      errors: { '409.Closed': 'It is closed already.' },
      docs: 'Closes a task.\n\nFor good.',
      run: () => ({ ok: true }),
    }),
  })

const notice = resource({
  id: t.id('uuid'),
  text: t.text(),
  data: t.json().nullable(),
  link: t.url().nullable(),
}).public()

const invoice = resource(
  { id: t.id('text', { client: true }), number: t.text().unique(), total: t.number({ min: 0 }) },
  { idempotency: 'required', ifMatch: 'required', bulk: true },
)

const hello = actions('Hello', 'Greets.\n\n$shared:\n    name: str&default="world"', {
  get: act('Says hello.\n\n$input:\n    name@name: Who\n$output:\n    hello?str: Whom', ({ input }) => ({
    hello: input.name,
  })),
  post: act('$input:\n    name@name: Who\n$output:\n    hello?str: Whom', ({ input }) => ({ hello: input.name })),
}).public()

/** An API with one of each: logins, rules, masked fields, actions, ids of all kinds, keys and conditions that are required. */
export function office(): Api {
  return api(
    { user, task, notice, invoice, hello },
    {
      store: memory(),
      docs: '# Office\n\nWhat there is to do.',
      version: '2.1.0',
      // A busy machine would refuse some of the calls with 503.
      http: { prefix: '/api', log: () => {}, overload: false },
      report: () => {},
      seed: async app => {
        await app.post('user', { email: 'ann@example.com', password: 'correct horse battery' } as never)
      },
    },
  )
}
