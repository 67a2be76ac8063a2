import { tokenAuth } from '../../src/dialects/restaction/index.ts'
import { abort, act, actions, api, type ActionCall, type Api } from '../../src/index.ts'

const hello = ({ input }: ActionCall): unknown => ({ hello: input['name'] })
const takesName = '$input:\n    name@name: Your name\n'
const greets = `${takesName}$output:\n    hello?str: Whom it greets\n`

const test = actions(
  'Test',
  'What a client of restaction is tried with.\n\n$shared:\n    name: str&default="world"\n',
  {
    get: act(`Greets.\n\n${greets}`, hello),
    post: act(`Greets.\n\n${greets}`, hello),
    post_name: act(`Greets, at a URL of its own.\n\n${greets}`, hello),
    put: act(`Greets.\n\n${greets}`, hello),
    patch: act(`Greets.\n\n${greets}`, hello),
    delete: act(`Greets.\n\n${greets}`, hello),
    get_404: act(null, () => abort(404, 'NotFound', 'nothing is here')),
    get_403: act(null, () => abort(403, 'Forbidden', 'this is not for you')),
    get_401: act(null, () => abort(401, 'Unauthorized', 'say who you are')),
    get_400: act(null, () => abort(400, 'BadRequest', 'that was not right')),
    get_500: act(null, () => abort(500, 'ServerError', 'this is broken on purpose')),
    get_302: act('Leads to the greeting.', () => new Response(null, { status: 302, headers: { location: '/test' } })),
    get_binary: act(
      'Streams CSV.',
      () =>
        new Response(stream(['id,name\n', '1,Ann\n', '2,Ben\n']).pipeThrough(new TextEncoderStream()), {
          headers: csv,
        }),
    ),
    post_upload: act('Counts the files of the field `upload`.', ({ ctx }) => ({ recv: ctx.files('upload').length })),
    post_login: act(`Makes anyone an admin.\n\n${takesName}`, ({ input, ctx }) => {
      ctx.token = { role: 'admin', name: input['name'] }
      return ctx.token
    }),
    get_me: act('Who calls, for admins.', ({ ctx }) => ctx.token),
  },
)

const csv = { 'content-type': 'text/csv; charset=utf-8' }

function stream(chunks: readonly string[]): ReadableStream<string> {
  const left = [...chunks]
  return new ReadableStream<string>({
    pull: controller => {
      const chunk = left.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    },
  })
}

const everything = Object.keys(test['~resource'].actions ?? {})
const roles = { guest: { test: everything.filter(name => name !== 'get_me') }, admin: { test: everything } }

const secret = process.env['SECRET_KEY']
export const app: Api = api(
  { test },
  {
    docs: '# Test\n\nThe resource by which clients of restaction are tried.\n',
    auth: tokenAuth({
      ...(secret === undefined ? {} : { secret }),
      meta: { $roles: roles },
      getRole: token => (typeof token?.['role'] === 'string' ? token['role'] : 'guest'),
    }),
    // Clients read the meta data at the root, and may come from a page elsewhere.
    paths: { docs: '/' },
    http: { cors: { origins: (process.env['ORIGINS'] ?? '').split(',').filter(Boolean) } },
  },
)
