import { api, memory, resource, t, type Api, type Authenticate } from '../../src/index.ts'

/**
 * Every row belongs to the caller who created it, by a field that is hidden and set by the server. For others it does not
 * exist.
 */
const cookie = resource({
  id: t.id(),
  type: t.text(),
  jar: t.one('jar').nullable(),
  user_id: t.text().hidden().index().default(mine),
}).rules((me, cookie) => ({
  create: me.signedIn,
  read: cookie.user_id.is(me['id']),
  write: cookie.user_id.is(me['id']),
}))

const jar = resource({
  id: t.id(),
  label: t.text({ max: 40 }),
  cookies: t.back('cookie', 'jar'),
  user_id: t.text().hidden().index().default(mine),
}).rules((me, jar) => ({ create: me.signedIn, read: jar.user_id.is(me['id']), write: jar.user_id.is(me['id']) }))

function mine({ me }: { readonly me: { readonly id: unknown } | null }): string {
  return String(me?.id)
}

/** Finds the caller. Here the client simply says who it is. A real API checks a key or a token: docs/guide/authentication.md. */
const authenticate: Authenticate = credentials => {
  const user = credentials.header('x-user')
  return user === undefined ? null : { id: user }
}

export const app: Api = api({ cookie, jar }, { store: memory(), authenticate })
