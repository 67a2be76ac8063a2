import type { TokenAuth } from '../auth/token-auth.ts'
import type { After, Before, OnError } from './hooks.ts'
import { reply } from './reply.ts'

type Given<T> = T | readonly T[] | undefined

/** What runs around requests, as an application gives it. */
interface GivenHooks {
  readonly before?: Given<Before>
  readonly after?: Given<After>
  readonly error?: OnError
}

/**
 * How restaction's authentication meets actions: before they run `ctx.token` has the claims of the caller; a token that
 * they leave there, new or in its second half, goes out with the answer. The application's hooks are within.
 */
export function withTokens(hooks: GivenHooks, auth: TokenAuth): GivenHooks {
  const before: Before = ctx => {
    const token = auth.tokenOf(ctx.me)
    if (token) ctx.token = token
  }
  const after: After = async (answer, ctx) => {
    const issued = await auth.issue(ctx.token)
    if (!issued) return answer
    const headers: Record<string, string | readonly string[]> = { ...answer.headers }
    for (const [name, value] of issued.headers) {
      const there = headers[name.toLowerCase()]
      headers[name.toLowerCase()] = there === undefined ? value : [there, value].flat()
    }
    return reply(answer.value, { status: answer.status, headers })
  }
  return {
    before: [before, ...[hooks.before ?? []].flat()],
    after: [...[hooks.after ?? []].flat(), after],
    ...(hooks.error ? { error: hooks.error } : {}),
  }
}
