import type { OuterHooks } from '../../engine/actions/request-hooks.ts'
import { reply } from '../../engine/call/reply.ts'
import type { TokenAuth } from './token-auth.ts'

/**
 * How tokens meet actions: before they run `ctx.token` has the claims of the caller; a token that they leave there, new
 * or in its second half, goes out with the answer. The application's hooks are within.
 */
export function tokenHooks({ tokenOf, issue }: Pick<TokenAuth, 'tokenOf' | 'issue'>): Required<OuterHooks> {
  return {
    before: ctx => {
      const token = tokenOf(ctx.me)
      if (token) ctx.token = token
    },
    after: async (answer, ctx) => {
      const issued = await issue(ctx.token)
      if (!issued) return answer
      const headers: Record<string, string | readonly string[]> = { ...answer.headers }
      for (const [name, value] of issued.headers) {
        const there = headers[name.toLowerCase()]
        headers[name.toLowerCase()] = there === undefined ? value : [there, value].flat()
      }
      return reply(answer.value, { status: answer.status, headers })
    },
  }
}
